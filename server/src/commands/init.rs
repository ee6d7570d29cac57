//! `init`: makes a campaign and tells what to print on paper.

use protocol::phrase::{campaign_numbers, campaign_words};
use server::{Error, init};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

#[allow(clippy::print_stdout, reason = "a command's answer")]
pub(super) fn run(campaign: &Path, data: &Path) -> Result<(), Error> {
    let source = init::read_source(campaign)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    init::refuse_past_dates(&source, now)?;
    let made = init::init(source, data)?;
    let id = made.campaign_id;
    println!("The campaign is made in {}.\n", data.display());
    println!("Print this on paper, for participants to compare with what their device shows:");
    println!("  campaign words    {}", campaign_words(id).join(" "));
    println!("  campaign numbers  {}", campaign_numbers(id).map(|number| number.to_string()).join(" "));
    println!("  campaign id       {id}\n");
    println!("The organiser's token, shown only now; keep it apart from this machine:");
    println!("  {}\n", *made.organiser_token);
    if let Some(key) = made.email_key {
        println!("The e-mail key, shown only now; keep it apart from this machine, and give it at each start:");
        println!("  {}\n", *key);
    }
    println!("Next: headcount-server serve --data {} --listen 127.0.0.1:8080", data.display());
    Ok(())
}
