//! What finishes a participation that broke off: the very command to type, by the same road, for people and programs.
//! It fits the refusal: where nothing helps, nothing is advised. It may hold the token, which is the participant's own.

use client::campaign::Site;
use client::error::Error;
use client::transport::Network;
use client::typed::token_text;
use protocol::problem::Problem;
use protocol::token::Token;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// What to do now.
pub(crate) struct Advice {
    text: Zeroizing<String>,
    command: Option<String>,
    token: Option<Zeroizing<String>>,
}

impl Advice {
    /// For a person.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// For a program.
    pub(crate) fn document(&self) -> Value {
        json!({
            "advice": self.text.as_str(),
            "command": self.command,
            "token": self.token.as_ref().map(|token| token.as_str()),
        })
    }

    /// Repeats exactly the participation of `command`, with the phrase in a file and the link asked for.
    pub(crate) fn same_again(network: &Network, command: &str, place: u32) -> Self {
        let command = typed(network, &format!("{command} --place {place} --phrase-file FILE"));
        let text = format!(
            "To go on, use the same phrase, the same place and the same invite; another phrase or place would make the \
             invite useless:\n\n  {command}\n\nFILE holds the twelve words or numbers; you are asked for the link."
        );
        Self { text: Zeroizing::new(text), command: Some(command), token: None }
    }

    /// What helps after a token request that failed; `fresh` if its phrase had never been used before.
    pub(crate) fn after_request(error: &Error, fresh: bool, same_again: impl FnOnce() -> Self) -> Option<Self> {
        match error {
            Error::NoSignature(_) | Error::Refused { problem: Problem::Closed, .. } => None,
            Error::Refused { problem: Problem::InviteUsed, .. } => {
                let useless = match fresh {
                    true => "The phrase that was shown just now is useless; destroy it. ",
                    false => "",
                };
                let text = format!(
                    "{useless}Only the FIRST phrase, with the first place, finishes what was begun with this invite: \
                     give them by --phrase-file FILE and --place. If it was not you who used the invite, tell whoever \
                     gave it to you."
                );
                Some(Self { text: Zeroizing::new(text), command: None, token: None })
            }
            _ => Some(same_again()),
        }
    }

    /// Spends a token that was not spent, or whose answer was lost, without asking the issuer again.
    pub(crate) fn with_token(network: &Network, site: &Site, token: &Token) -> Self {
        let (token, command) = (token_text(token), pledge_command(network, site, "FILE"));
        let text = format!(
            "The token was not spent, or the answer was lost; to repeat is safe and counts once. Save this token in a \
             file:\n\n{}\n\nand type\n\n  {command}\n\nwith the same phrase. If the token is lost too, `headcount join` \
             with the same phrase, place and invite gets it again, but tells the issuer that you pledge just then.",
            *token
        );
        Self { text: Zeroizing::new(text), command: Some(command), token: Some(token) }
    }

    /// What helps after a pledge that failed.
    pub(crate) fn after_pledge(error: &Error, with_token: impl FnOnce() -> Self) -> Option<Self> {
        match error {
            // Nothing would make it go better another time.
            Error::Protocol(_)
            | Error::Refused { problem: Problem::Closed | Problem::TokenInvalid | Problem::PledgeMismatch, .. } => None,
            _ => Some(with_token()),
        }
    }
}

/// The command of a second sitting, with the token in `file`.
pub(crate) fn pledge_command(network: &Network, site: &Site, file: &str) -> String {
    typed(network, &format!("pledge {} --campaign {} --token-file {file}", site.origin, site.campaign.id()))
}

/// A command as it has to be typed to go the same road as this one.
pub(crate) fn typed(network: &Network, rest: &str) -> String {
    match network.proxy() {
        Some(proxy) => format!("headcount --proxy {proxy} {rest}"),
        None => format!("headcount {rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(problem: Problem) -> Error {
        Error::Refused { problem, retry_after_seconds: None }
    }

    #[test]
    fn advice_fits_the_refusal() {
        let again = || Advice::same_again(&Network::direct(), "join", 7);
        let after = |error: &Error, fresh| Advice::after_request(error, fresh, again);
        for error in [
            Error::Lost(String::new()),
            Error::Misbehaved(String::new()),
            Error::Local(String::new()),
            refused(Problem::RateLimited),
            refused(Problem::Exhausted),
            refused(Problem::Malformed),
        ] {
            let advice = after(&error, true).unwrap();
            assert!(advice.text().contains("headcount join --place 7 --phrase-file FILE"), "{error:?}");
        }
        assert!(after(&Error::NoSignature(String::new()), true).is_none());
        assert!(after(&refused(Problem::Closed), true).is_none());
        let used = after(&refused(Problem::InviteUsed), true).unwrap();
        assert!(used.text().contains("FIRST phrase") && used.text().contains("useless") && used.command.is_none());
        assert!(!after(&refused(Problem::InviteUsed), false).unwrap().text().contains("useless"));

        let after = |error: &Error| Advice::after_pledge(error, again);
        for problem in [Problem::Closed, Problem::TokenInvalid, Problem::PledgeMismatch] {
            assert!(after(&refused(problem)).is_none(), "{problem:?}");
        }
        assert!(after(&Error::Protocol(protocol::error::Error::Malformed("x"))).is_none());
        assert!(after(&refused(Problem::NotOpen)).is_some() && after(&Error::Lost(String::new())).is_some());
    }

    #[test]
    fn n1_the_next_command_goes_the_same_road() {
        let tor = Network::through("socks5h://127.0.0.1:9050").unwrap();
        assert_eq!(typed(&tor, "join"), "headcount --proxy socks5h://127.0.0.1:9050 join");
        assert_eq!(typed(&Network::direct(), "join"), "headcount join");
    }
}
