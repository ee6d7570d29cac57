//! The whole life of a campaign, with the programs as their users start them, Chromium, a printer's PDF, a mail server and
//! a web server: from the organiser's key to the site that stays when it is over.

use crate::cards::{pages, read};
use crate::driving::{drive, pictures, target_page};
use crate::life::{Life, TARGET};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tests::post_office::{Mode, PostOffice, link};
use tests::programs::{good, published, wait_until};

/// Where people register.
const PLACE: &str = "Anadyr";

/// So many cards are printed, of which one is used in the browser and the others by the command line.
const CARDS: usize = 11;

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_lives_from_the_organisers_key_to_the_site_that_stays() {
    let folder = tempfile::tempdir().unwrap();
    let post = PostOffice::start(folder.path(), 0, 20, Mode::Tls);
    let life = Life::begin(folder.path(), &target_page(), post.port);
    let printer = life.account("printer", "invites");

    // who prints may not announce, and who looks may not print
    let looker = life.account("looker", "reads");
    assert!(life.refused(&["close", "--yes"], &printer).contains("role"));
    assert!(life.refused(&["invites", "--batch", "b", "--count", "1"], &looker).contains("role"));

    let mut links = printed_and_scanned(&life, &printer).await;

    // by the page: one with a card, who first asks for an invite by e-mail as well
    let request = json!({ "url": life.url, "address": "Ann@Example.org", "pictures": pictures() });
    let told = drive("life", "ask", request, 60).await;
    assert_eq!((&told["grievances"], &told["strangers"]), (&json!([]), &json!([])));
    let mails = post.until(1).await;
    let mailed = link(&mails[0]);
    let request = json!({ "browser": "chromium", "level": "standard", "url": life.url, "link": mailed,
        "place": life.place(PLACE), "called": PLACE, "pictures": pictures() });
    let told = drive("join", "register", request, 120).await;
    assert_eq!((&told["grievances"], &told["strangers"]), (&json!([]), &json!([])));
    let phrase = told["phrase"].as_str().unwrap().to_owned();

    // several ticks: some come, are published, and more come
    let later = links.split_off(6);
    for few in [links, later] {
        let before = published(&life.url);
        for link in &few {
            good(&["join", "-", "--place", PLACE, "--direct", "--checked", "--now"], link);
        }
        wait_until(|| published(&life.url) >= before + few.len() as u64);
    }
    assert_eq!(published(&life.url), TARGET);
    let status = good(&["status", &life.url, "--direct", "--phrase-file", "-"], &phrase);
    assert!(status.contains(PLACE), "{status}");
    let overview = life.get("/").await;
    assert!(overview.contains(&format!("The target of {TARGET} is reached.")), "{overview}");

    // a forged announcement is refused, the true one is everywhere
    let texts = ["--text", "en=We meet at noon.", "--text", "ru=Встречаемся в полдень.", "--yes"];
    let announce = ["announce", &life.url, "--key"];
    life.refused(&[&announce[..], &[&life.file("forged.key")], &texts].concat(), &life.token);
    life.organise(&[&announce[..], &[&life.file("organiser.key")], &texts].concat(), &life.token);
    for place in ["/", "/counts.json"] {
        assert!(life.get(place).await.contains("We meet at noon."), "{place}");
    }

    life.organise(&["close", "--yes"], &life.token);
    wait_until(|| good(&["counts", &life.url, "--json"], "").contains("\"closed\""));
    let report = good(&["audit", &life.url], "");
    assert!(report.contains(&TARGET.to_string()), "{report}");
    // the site is written behind the close, its pages last
    let page = life.file("data/site/ru/index.html");
    wait_until(|| Path::new(&page).exists());
    let site = life.end();

    // any file server carries it on
    let (mut files, url) = server_of_files(&site);
    let report = good(&["audit", &url], "");
    assert!(report.contains(&TARGET.to_string()), "{report}");
    good(&["audit", site.to_str().unwrap()], "");
    let told = drive("life", "stays", json!({ "url": url, "pictures": pictures() }), 60).await;
    assert!(told["text"].as_str().unwrap().contains("We meet at noon."), "{told}");
    assert_eq!((&told["grievances"], &told["strangers"]), (&json!([]), &json!([])));
    files.kill().unwrap();
}

/// Sheets by the command line, printed by Chromium, read by zbar.
async fn printed_and_scanned(life: &Life<'_>, printer: &str) -> Vec<String> {
    let (sheets, pdf) = (life.file("sheets.html"), life.file("sheets.pdf"));
    let count = CARDS.to_string();
    let order =
        ["invites", "--batch", "square", "--count", &count, "--form", "cards", "--language", "ru", "--also", "en"];
    life.organise(&[&order[..], &["--out", &sheets]].concat(), printer);
    let request = json!({ "url": life.url, "file": sheets, "pdf": pdf, "name": "life", "pictures": pictures() });
    drive("cards", "printed", request, 60).await;
    let links: Vec<String> = pages(pdf.as_ref(), life.folder).iter().flat_map(|page| read(page)).collect();
    assert_eq!(links.iter().collect::<BTreeSet<_>>().len(), CARDS);
    links
}

/// Python's own server of files, and its address.
fn server_of_files(folder: &Path) -> (Child, String) {
    let mut command = Command::new("python3");
    command.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0", "--directory"]).arg(folder);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.split(' ').skip_while(|word| *word != "port").nth(1).unwrap();
    (child, format!("http://127.0.0.1:{port}"))
}
