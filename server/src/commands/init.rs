//! `init`: looks at a campaign, makes it, and tells what to print on paper.

use protocol::letters::harmless_lines;
use protocol::phrase::{campaign_numbers, campaign_words};
use server::init::Initialised;
use server::{Error, init};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

#[allow(clippy::print_stderr, reason = "warnings must not get into what a program reads")]
pub(super) fn run(campaign: &Path, data: Option<&Path>, dry_run: bool) -> Result<(), Error> {
    let source = init::read_source(campaign)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let warnings = init::review(&source, now)?;
    for warning in &warnings {
        eprintln!("Warning: {}\n", harmless_lines(warning));
    }
    data.map_or(Ok(()), init::refuse_occupied)?;
    match data {
        Some(data) if !dry_run => {
            refuse_nowhere()?;
            say("The keys of the campaign are being made.\n")?;
            init::init_told(source, data, |made| say(&answer(made, data)))
        }
        _ => {
            say(&format!("{} has no mistakes and {}. Nothing was made.\n", campaign.display(), counted(warnings.len())))
        }
    }
}

fn counted(warnings: usize) -> String {
    match warnings {
        0 => "nothing to warn of".to_owned(),
        1 => "one warning, above".to_owned(),
        _ => format!("{warnings} warnings, above"),
    }
}

fn answer(made: &Initialised, data: &Path) -> Zeroizing<String> {
    let (id, data) = (made.campaign_id, data.display());
    let words = campaign_words(id).join(" ");
    let numbers = campaign_numbers(id).map(|number| number.to_string()).join(" ");
    let email_key = Zeroizing::new(made.email_key.as_ref().map_or(String::new(), |key| {
        let what = "The e-mail key, shown only now; keep it apart from this machine, and give it at each start:";
        format!("{what}\n  {}\n\n", **key)
    }));
    Zeroizing::new(format!(
        "The campaign is made in {data}.\n\n\
         Print this on paper, for participants to compare with what their device shows:\n  \
         campaign words    {words}\n  campaign numbers  {numbers}\n  campaign id       {id}\n\n\
         The organiser's token, shown only now; keep it apart from this machine:\n  {}\n\n\
         {}Next: headcount-server serve --data {data} --listen 127.0.0.1:8080\n",
        *made.organiser_token, *email_key
    ))
}

/// Writes all of it in one go. The token goes nowhere else: standard error is what services and scripts keep.
fn say(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        Error::Refused(format!(
            "the answer could not be written ({error}), so there is no campaign; run it again without a program behind it \
             that stops reading, because the organiser's token is shown only once"
        ))
    })
}

/// Standard output that leads to nowhere takes everything and shows nothing. A closed one is opened there too.
fn refuse_nowhere() -> Result<(), Error> {
    let device = |path: &str| std::fs::metadata(path).ok().map(|metadata| metadata.rdev());
    match (device("/dev/stdout"), device("/dev/null")) {
        (Some(out), Some(null)) if out == null => Err(Error::Refused(
            "standard output leads to nowhere, and the organiser's token is shown there only once; run it in a terminal, or \
             name a file for it"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}
