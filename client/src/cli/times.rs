//! What the calendar allows, by this device's clock, which may be wrong: every refusal that rests on it says so.
//! It saves invites and questions; what is taken and what is not, the server decides.

use crate::cli::clock::utc;
use client::error::Error;
use protocol::campaign::Genesis;
use protocol::counts::Counts;
use protocol::publication::State;

/// Before an invite is shown to anybody. `repeats` if the phrase was given, so that this may be an exact repeat, which
/// is answered even after issuing has closed.
pub(crate) fn before_token(genesis: &Genesis, counts: Option<&Counts>, repeats: bool, now: u64) -> Result<(), Error> {
    if now < genesis.opens {
        return by_the_clock(
            format!("The campaign takes no invites before {}; come back then.", utc(genesis.opens)),
            now,
        );
    }
    not_closed(genesis, counts, now)?;
    if now >= genesis.issuing_closes && !repeats {
        return by_the_clock(
            format!(
                "The campaign takes no new invites since {}, so yours was not sent. If you used it before that, give \
                 the phrase of that time by --phrase-file FILE, and the same place.",
                utc(genesis.issuing_closes)
            ),
            now,
        );
    }
    Ok(())
}

/// Before a pledge.
pub(crate) fn before_pledge(genesis: &Genesis, counts: Option<&Counts>, now: u64) -> Result<(), Error> {
    if now < genesis.pledges_open {
        let opens = utc(genesis.pledges_open);
        return by_the_clock(format!("Pledging opens on {opens}; keep token and phrase until then."), now);
    }
    not_closed(genesis, counts, now)
}

fn not_closed(genesis: &Genesis, counts: Option<&Counts>, now: u64) -> Result<(), Error> {
    if now >= genesis.closes {
        let closes = utc(genesis.closes);
        return by_the_clock(format!("The campaign closed on {closes}; nothing more can be done here."), now);
    }
    if counts.is_some_and(|counts| counts.state == State::Closed) {
        return Err(Error::Local(
            "The server says that the organisers have closed this campaign; then nothing more can be done here. \
             `headcount audit` shows whether the log says so too."
                .to_owned(),
        ));
    }
    Ok(())
}

/// A refusal by a clock that may be wrong.
fn by_the_clock(what: String, now: u64) -> Result<(), Error> {
    Err(Error::Local(format!(
        "{what} (This device's clock says {}; if that is wrong, set it right and try again.)",
        utc(now - now % 60)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::campaign_file::CampaignFile;

    fn genesis() -> Genesis {
        let text = "target = 10\neligible = 10\nplaces = \"p\"\nmap = \"m\"\nk = 5\ntick_seconds = 10\nopens = 1000\n\
            pledges_open = 2000\nissuing_closes = 3000\ncloses = 4000\nissuer_name = \"localhost:1\"\n\
            origin_name = \"localhost:1\"\norganiser_key = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n\
            [title]\nen = \"T\"\n[text]\nen = \"T\"\n";
        CampaignFile::parse(text).unwrap().genesis_mut().clone()
    }

    #[test]
    fn an_invite_leaves_only_while_it_can_be_taken() {
        let refused = |now, repeats| before_token(&genesis(), None, repeats, now).err().map(|error| error.to_string());
        for repeats in [false, true] {
            assert!(refused(999, repeats).unwrap().contains("no invites before 1970-01-01 00:16:40"));
            assert_eq!(refused(1000, repeats), None);
            assert!(refused(4000, repeats).unwrap().contains("closed on"));
        }
        assert_eq!(refused(2999, false), None);
        let late = refused(3000, false).unwrap();
        assert!(late.contains("since 1970-01-01 00:50") && late.contains("clock says 1970-01-01 00:50"), "{late}");
        assert_eq!(refused(3000, true), None, "an exact repeat is answered");
    }

    #[test]
    fn a_pledge_leaves_only_while_it_can_be_taken() {
        let refused = |now| before_pledge(&genesis(), None, now).is_err();
        assert!(refused(1999) && !refused(2000) && !refused(3999) && refused(4000));
    }
}
