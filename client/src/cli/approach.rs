//! From a link to a token, in the one safe order: read the link; fetch and check the campaign; show it, who learns what,
//! and the words to compare; ask; settle the road; show the phrase; only then send the first request with an invite.

use crate::cli::console::Console;
use crate::cli::road::Direct;
use crate::cli::secrets::{LinkSource, PhraseSource, one_on_stdin};
use crate::cli::{Failure, clock};
use clap::Args;
use client::address::BaseUrl;
use client::campaign::{Site, counts, fetch};
use client::error::Error;
use client::participation::{Issuer, fresh_phrase, obtain, prepare};
use client::place_choice::{find, in_language, title};
use client::transport::Network;
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use protocol::invite::{Invite, InviteLink};
use protocol::phrase::{Phrase, campaign_numbers, campaign_words};
use protocol::pledge::Pledge;
use protocol::problem::Problem;
use protocol::publication::State;
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
    /// The numbers and the state that it shows, if it shows them.
    pub(crate) counts: Option<Counts>,
    issuer: Issuer,
    invite: Invite,
    place: u32,
    phrase: Phrase,
    command: &'static str,
}

impl Approach {
    /// Goes the way up to the first request that carries an invite, and stops before it. `command` is the one to type
    /// if it has to be done again.
    pub(crate) async fn make(
        console: &Console,
        network: &Network,
        participant: &Participant,
        command: &'static str,
    ) -> Result<Self, Failure> {
        one_on_stdin(&[participant.link.takes_stdin(), participant.phrase.takes_stdin()])?;
        let link = participant.link.read(console)?;
        let given = participant.phrase.given(console)?;
        participant.direct.agree(console, network)?;
        let (site, issuer) = look_up(console, network, &link).await?;
        let invite = link.invite.clone().ok_or_else(|| {
            Error::Local(
                "This link names the campaign but carries no invite; use the link that was given to you.".to_owned(),
            )
        })?;
        let counts = counts(&site.source, &site.campaign).await?;
        check_times(&site.campaign, counts.as_ref(), given.is_some())?;
        introduce(console, network, &site);
        let place = choose_place(console, &site, participant.place.as_deref())?;
        console.confirm(
            "Are these the words or numbers that a poster or another person showed you?",
            "--checked, once they were compared",
            participant.checked,
        )?;
        let fresh = given.is_none();
        let phrase = match given {
            Some(phrase) => phrase,
            None => fresh_phrase()?,
        };
        if fresh {
            show_phrase(console, &site, place, &phrase)?;
            console.pause("When you have written it down, or decided to go without");
        }
        Ok(Self { site, counts, issuer, invite, place, phrase, command })
    }

    /// Turns the invite into a token, with the pledge for it. A failure says what finishes it.
    pub(crate) async fn obtain(&self, console: &Console, network: &Network) -> Result<(Token, Pledge), Failure> {
        let spinner = console.spinner("asking for the token");
        let prepared = prepare(&self.site.campaign, &self.phrase, self.place)?;
        let token = obtain(network, &self.issuer, &self.invite, &prepared.request, prepared.pending).await;
        spinner.finish_and_clear();
        let token = token.map_err(|error| {
            match error {
            Error::Refused { problem: Problem::InviteUsed, .. } => Failure::then(
                error,
                "The phrase that was shown just now is useless. Only the phrase and place of the first time can finish \
                 what was begun with this invite."
                    .to_owned(),
            ),
            Error::Refused { problem: Problem::InviteUnknown | Problem::Closed | Problem::NotOpen, .. }
            | Error::Protocol(_) => error.into(),
            _ => Failure::then(error, self.same_again(console)),
        }
        })?;
        console.say("The token is there, and its signature is right.");
        Ok((token, prepared.pledge))
    }

    /// What repeats exactly this participation.
    fn same_again(&self, console: &Console) -> String {
        format!(
            "If you try again, use the same phrase, the same place and the same invite; another phrase or place would \
             make the invite useless:\n\n  headcount {} --place {} --phrase-file FILE{}\n\nFILE holds the twelve words \
             or numbers; you are asked for the link.",
            self.command,
            self.place,
            console.road()
        )
    }
}

async fn look_up(console: &Console, network: &Network, link: &InviteLink) -> Result<(Site, Issuer), Error> {
    let spinner = console.spinner("reading the campaign");
    let site = fetch(network, &BaseUrl::parse(&link.base_url)?, Some(link.campaign)).await?;
    let issuer = Issuer::find(network, &site).await?;
    spinner.finish_and_clear();
    Ok((site, issuer))
}

/// Before an invite is shown to anybody: whether the campaign would take it.
fn check_times(campaign: &Campaign, counts: Option<&Counts>, repeats: bool) -> Result<(), Error> {
    let (genesis, now) = (campaign.genesis(), clock::now());
    if now < genesis.opens {
        let opens = clock::utc(genesis.opens);
        return Err(Error::Local(format!("The campaign takes no invites before {opens}; come back then.")));
    }
    if now >= genesis.closes {
        let closes = clock::utc(genesis.closes);
        return Err(Error::Local(format!(
            "The campaign closed on {closes}; nothing more can be done here, if this device's clock is right."
        )));
    }
    if now >= genesis.issuing_closes && !repeats {
        let closes = clock::utc(genesis.issuing_closes);
        return Err(Error::Local(format!(
            "No new invites are taken since {closes}, if this device's clock is right; so yours was not sent. Whoever \
             used it before that finishes with --phrase-file."
        )));
    }
    if counts.is_some_and(|counts| counts.state == State::Closed) {
        return Err(Error::Local(
            "The organisers have closed this campaign; nothing more can be done here.".to_owned(),
        ));
    }
    Ok(())
}

/// Title, who learns what, and the words to compare.
fn introduce(console: &Console, network: &Network, site: &Site) {
    let genesis = site.campaign.genesis();
    let language = console.language();
    console.say(&format!("\n{}\n", in_language(&genesis.title, language)));
    if genesis.rehearsal {
        console.say("*** REHEARSAL: this is practice. Nobody is counted for anything real. ***\n");
    }
    console.say(&in_language(&genesis.text, language));
    let linked = match network.is_direct() {
        true => "your address joins it to your invite",
        false => "not who, nor with which invite",
    };
    console.say(&format!(
        "\nWho learns what:\n\
         - the issuer: that this invite was used, and when; not your place;\n\
         - the server: that somebody with a right token chose your place; {linked};\n\
         - everybody: groups of at least {} from one place, one region or the whole, at fixed times; never you alone;\n\
         - whoever gave you this invite by name and kept a copy: that it was used; not for which place.\n",
        genesis.k
    ));
    let numbers = campaign_numbers(site.campaign.id()).map(|number| number.to_string());
    console.say(&format!(
        "The campaign's words and numbers:\n\n    {}\n    {}\n\nCompare them with a poster or another person before \
         you go on. A link that came by e-mail from the server proves nothing.\n",
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

/// Before the first request: what alone can finish this, and what it proves.
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
    console.must_show(&document, &text)
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
