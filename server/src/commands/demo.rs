//! `demo`: a rehearsal on this machine, and how to try everything in it.

use protocol::phrase::campaign_words;
use server::Error;
use server::demo::{Demo, Options, refuse_used_folder};
use server::serve::until_told_to_stop;

pub(super) async fn run(options: &Options, json: bool) -> Result<(), Error> {
    if options.tick_seconds == 0 {
        return Err(Error::Refused("a tick must last a second or more; give another --tick".to_owned()));
    }
    if let Some(data) = &options.data {
        refuse_used_folder(data, options)?;
    }
    let demo = Demo::start(options).await?;
    tell_demo(&demo, json);
    until_told_to_stop().await;
    demo.stop().await;
    Ok(())
}

#[allow(clippy::print_stdout, reason = "a command's answer")]
fn tell_demo(demo: &Demo, json: bool) {
    let (url, organiser_url) =
        (format!("http://{}", demo.running.address), format!("http://{}", demo.running.organiser_address));
    let id = demo.running.deployment().campaign().id();
    if json {
        let codes: Vec<&str> =
            demo.invites.iter().filter_map(|link| link.split_once("#i=")?.1.split('&').next()).collect();
        let line = serde_json::json!({
            "url": url, "organiser_url": organiser_url, "organiser_token": demo.organiser_token.as_str(),
            "campaign_id": id.to_string(), "data": demo.data, "invites": codes,
        });
        println!("{line}");
        return;
    }
    println!("\nA rehearsal of Russia 2021 is running: real places, simulated people, ticks of seconds.\n");
    println!("Open in a browser:   {url}/");
    match demo.serves_page {
        true => println!("Take part there:     open one of the invites below"),
        false => {
            println!("Take part:           with the command line; the registration page was not built (make page)")
        }
    }
    println!("Campaign words:      {}\n", campaign_words(id).join(" "));
    println!("Type in another terminal (in target/debug after make demo, else wherever the programs are):");
    println!("  headcount counts {url}");
    println!("  headcount audit {url}");
    println!("  headcount join --place Moscow --direct --now      (asks for one of the invites below)");
    let key = demo.organiser_key.display();
    println!(
        "  headcount organiser announce {url} --organiser-url {organiser_url} --key {key} --text en='We meet at noon'"
    );
    println!("\nOrganiser's token (that command asks for it): {}", *demo.organiser_token);
    println!("\nInvites, one person each:");
    for link in &demo.invites {
        println!("  {}", **link);
    }
    println!("\nThe data lies in {} and Ctrl-C ends it.\n", demo.data.display());
}
