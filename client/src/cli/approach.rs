//! From a link to a token, in the one safe order: read the link; settle the road; fetch and check the campaign; show it,
//! who learns what, and the words to compare; ask; show the phrase; only then send the first request with an invite.

use crate::cli::advice::Advice;
use crate::cli::console::Console;
use crate::cli::interruption::unless_interrupted;
use crate::cli::road::{Direct, Waiting};
use crate::cli::secrets::{LinkSource, PhraseSource, one_on_stdin};
use crate::cli::{Failure, clock, times};
use clap::Args;
use client::address::BaseUrl;
use client::campaign::{Site, counts, fetch};
use client::error::Error;
use client::participation::{Issuer, fresh_phrase, obtain, prepare};
use client::place_choice::{find, in_language, text_in_language, title};
use client::transport::Network;
use protocol::campaign::Campaign;
use protocol::invite::{Invite, InviteLink};
use protocol::phrase::{Phrase, campaign_numbers, campaign_words};
use protocol::pledge::Pledge;
use protocol::token::Token;
use serde_json::json;

/// What a participant brings.
#[derive(Args)]
pub(crate) struct Participant {
    #[command(flatten)]
    link: LinkSource,
    /// The place: its number, or its name in any language. You are asked if it is left out.
    #[arg(long, value_name = "PLACE")]
    place: Option<String>,
    #[command(flatten)]
    phrase: PhraseSource,
    /// The campaign's words were compared with a poster or another person; do not ask.
    #[arg(long)]
    checked: bool,
    #[command(flatten)]
    direct: Direct,
}

/// All that is needed for the first request, every question answered.
pub(crate) struct Approach {
    /// The campaign.
    pub(crate) site: Site,
    /// Whether the phrase is a new one, which was shown.
    pub(crate) fresh: bool,
    /// How many seconds to wait before the pledge, if one is to follow now.
    pub(crate) delay: Option<u64>,
    issuer: Issuer,
    invite: Invite,
    place: u32,
    phrase: Phrase,
    command: &'static str,
}

impl Approach {
    /// Goes the way up to the first request that carries an invite, and stops before it. `command` is the one to type
    /// if it has to be done again, `waiting` says how to wait for the pledge, if the command makes one.
    pub(crate) async fn make(
        console: &Console,
        network: &Network,
        participant: &Participant,
        command: &'static str,
        waiting: Option<&Waiting>,
    ) -> Result<Self, Failure> {
        one_on_stdin(&[participant.link.takes_stdin(), participant.phrase.takes_stdin()])?;
        let link = participant.link.read(console)?;
        let given = participant.phrase.given(console)?;
        let invite = link.invite.clone().ok_or_else(|| {
            Error::Local(
                "This link names the campaign but carries no invite; use the link that was given to you.".to_owned(),
            )
        })?;
        let gives_away = "now, with the invite and with the pledge, and can link them by it";
        participant.direct.agree(console, network, gives_away)?;
        let (site, issuer) = look_up(console, network, &link).await?;
        let counts = counts(&site.source, &site.campaign).await?;
        let (genesis, now) = (site.campaign.genesis(), clock::now());
        times::before_token(genesis, counts.as_ref(), given.is_some(), now)?;
        introduce(console, network, &site);
        console.confirm(
            "Are these the words or numbers that a poster or another person showed you?",
            "--checked, once they were compared",
            participant.checked,
        )?;
        let place = choose_place(console, &site, participant.place.as_deref())?;
        let delay = match waiting.filter(|_| now >= genesis.pledges_open) {
            Some(waiting) => Some(waiting.choose(console, &genesis.schedule(), counts.map(|counts| counts.state))?),
            None => None,
        };
        let fresh = given.is_none();
        let phrase = match given {
            Some(phrase) => phrase,
            None => fresh_phrase()?,
        };
        if fresh {
            show_phrase(console, &site, place, &phrase)?;
        }
        Ok(Self { site, fresh, delay, issuer, invite, place, phrase, command })
    }

    /// Turns the invite into a token, with the pledge for it. A failure says what finishes it.
    pub(crate) async fn obtain(&self, console: &Console, network: &Network) -> Result<(Token, Pledge), Failure> {
        let again = || Advice::same_again(network, self.command, self.place);
        let spinner = console.spinner("asking for the token");
        let prepared = prepare(&self.site.campaign, &self.phrase, self.place)?;
        let asking = async {
            let token = obtain(network, &self.issuer, &self.invite, &prepared.request, prepared.pending).await;
            token.map_err(|error| {
                let advice = Advice::after_request(&error, self.fresh, again);
                Failure::then(error, advice)
            })
        };
        let token = unless_interrupted(asking, "while asking for the token", again).await?;
        spinner.finish_and_clear();
        Ok((token, prepared.pledge))
    }
}

async fn look_up(console: &Console, network: &Network, link: &InviteLink) -> Result<(Site, Issuer), Error> {
    let spinner = console.spinner("reading the campaign");
    let site = fetch(network, &BaseUrl::parse(&link.base_url)?, Some(link.campaign)).await?;
    let issuer = Issuer::find(network, &site).await?;
    spinner.finish_and_clear();
    Ok((site, issuer))
}

/// Title, who learns what, and the words to compare.
fn introduce(console: &Console, network: &Network, site: &Site) {
    let genesis = site.campaign.genesis();
    let language = console.language();
    console.say(&format!("\n{}\n", in_language(&genesis.title, language)));
    if genesis.rehearsal {
        console.say("*** REHEARSAL: this is practice. Nobody is counted for anything real. ***\n");
    }
    console.say(&text_in_language(&genesis.text, language));
    if network.is_direct() && !genesis.relays.is_empty() {
        console.say("\nThis campaign names relays, but this version cannot use them.");
    }
    let (of_issuer, of_server) = match network.is_direct() {
        true => (
            "from which network address",
            "and from which network address, by which it can be matched with your invite",
        ),
        false => ("not from where", "not who, nor with which invite"),
    };
    console.say(&format!(
        "\nWho learns what:\n\
         - the issuer: that this invite was used, when, and {of_issuer}; not your place;\n\
         - the server: that somebody with a right token chose your place; {of_server};\n\
         - everybody: groups of at least {} from one place or region, or the whole, at fixed times; never you alone;\n\
         - whoever gave you this invite by name and kept a copy: that it was used; not for which place.\n",
        genesis.k
    ));
    let numbers = campaign_numbers(site.campaign.id()).map(|number| number.to_string());
    console.say(&format!(
        "Compare the campaign's words or numbers with a poster or another person before you go on. A link that came by \
         e-mail from the server proves nothing. They are:\n\n    {}\n    {}\n",
        campaign_words(site.campaign.id()).join(" "),
        numbers.join(" ")
    ));
}

fn choose_place(console: &Console, site: &Site, wanted: Option<&str>) -> Result<u32, Error> {
    let asked = match wanted {
        Some(wanted) => wanted.to_owned(),
        None => console.line("Your place (name or number)", ": ", "--place PLACE")?,
    };
    let places = site.campaign.places();
    let place = find(places, &asked, console.language())?;
    let name = title(places, place, console.language());
    console.say(&format!("Your place: {name} (number {place})."));
    Ok(place)
}

/// Before the first request: what alone can finish this, and what it proves. Without having shown it nothing goes on.
fn show_phrase(console: &Console, site: &Site, place: u32, phrase: &Phrase) -> Result<(), Error> {
    let text = format!(
        "\nYour phrase, as words and as numbers:\n\n    {}\n    {}\n\nIf this breaks off, only these finish it (with the \
         same place and invite); if they are found, they prove it; they are kept nowhere.\n",
        *phrase.words(),
        *phrase.numbers()
    );
    let document = json!({
        "campaign_id": site.campaign.id().to_string(),
        "place": place,
        "phrase": phrase.words().as_str(),
        "numbers": phrase.numbers().as_str(),
    });
    let what = "Your phrase cannot be shown, so nothing was sent that would need it";
    console.must_be_seen(&document, &text, what)?;
    console.pause("Your invite was not sent yet. Press Enter when you have written the phrase down, or Ctrl-C to stop.")
}

/// A campaign's own words, for commands that only look.
pub(crate) fn heading(console: &Console, campaign: &Campaign) -> String {
    let genesis = campaign.genesis();
    let rehearsal = if genesis.rehearsal { "  *** REHEARSAL ***" } else { "" };
    format!(
        "{}{rehearsal}\ncampaign {}\n         {}",
        in_language(&genesis.title, console.language()),
        campaign.id(),
        campaign_words(campaign.id()).join(" ")
    )
}
