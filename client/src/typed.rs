//! What people type, paste or scan: an invite link, a token. What cannot be read is answered with the part that is wrong,
//! so that it can be found on the paper that it was typed from; the phrase does the same in `protocol`.
//! No mistake repeats anything of what was typed.

use protocol::codec::{from_base64, to_base64};
use protocol::invite::{Invite, InviteLink};
use protocol::token::Token;
use zeroize::Zeroizing;

/// What is wrong with an invite link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkMistake {
    /// There is nothing.
    Empty,
    /// It has a space or a line break inside.
    Space,
    /// It has no `/join#`.
    NoFragment,
    /// This group of the invite code is mistyped, counted from 1; 9 if there is more than a code.
    InviteGroup(usize),
    /// The campaign id is mistyped or cut off.
    Campaign,
    /// It names no campaign.
    NoCampaign,
    /// Its address is plain http.
    PlainHttp,
    /// Its address is none, or something stands twice or too much.
    Shape,
}

/// Reads an invite link.
pub fn link(text: &str) -> Result<InviteLink, LinkMistake> {
    InviteLink::parse(text).map_err(|_| link_mistake(text.trim()))
}

fn link_mistake(text: &str) -> LinkMistake {
    if text.is_empty() {
        return LinkMistake::Empty;
    }
    if text.chars().any(char::is_whitespace) {
        return LinkMistake::Space;
    }
    let Some((base, fragment)) = text.split_once("/join#") else {
        return LinkMistake::NoFragment;
    };
    let member = |name: &str| fragment.split('&').find_map(|member| member.strip_prefix(name));
    if let Some(group) = member("i=").and_then(Invite::mistyped_group) {
        return LinkMistake::InviteGroup(group);
    }
    let alone = |member: &str| InviteLink::parse(&format!("https://h/join#{member}")).is_ok();
    match member("c=") {
        Some(id) if !alone(&format!("c={id}")) => LinkMistake::Campaign,
        None => LinkMistake::NoCampaign,
        Some(_) if base.starts_with("http://") => LinkMistake::PlainHttp,
        Some(_) => LinkMistake::Shape,
    }
}

/// What is wrong with a token's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenMistake {
    /// It has so many characters instead of [`TOKEN_CHARACTERS`].
    Length(usize),
    /// It is as long as a token, and none.
    Damaged,
}

/// 354 bytes as base64url.
pub const TOKEN_CHARACTERS: usize = 472;

/// A finished token as text: base64url.
pub fn token_text(token: &Token) -> Zeroizing<String> {
    Zeroizing::new(to_base64(&token.encode()))
}

/// Reads a finished token; line breaks in it do not matter.
pub fn token(text: &str) -> Result<Token, TokenMistake> {
    let compact: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect());
    let token = from_base64(&compact, "token").and_then(|bytes| Token::decode(&Zeroizing::new(bytes)));
    token.map_err(|_| match compact.len() {
        TOKEN_CHARACTERS => TokenMistake::Damaged,
        length => TokenMistake::Length(length),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_whole_or_not_at_all() {
        let bytes = [&[0, 2], [7; 352].as_slice()].concat();
        let text = to_base64(&bytes);
        let read = token(&format!("{}\n{}\n", &text[..100], &text[100..])).ok().unwrap();
        assert_eq!(*token_text(&read), text);
        assert_eq!(token(&text[..471]).err(), Some(TokenMistake::Length(471)));
        assert_eq!(token("").err(), Some(TokenMistake::Length(0)));
        assert_eq!(token(&text.replace('_', "+").replacen('B', "*", 1)).err(), Some(TokenMistake::Damaged));
    }
}
