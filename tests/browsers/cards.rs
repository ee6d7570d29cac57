//! Cards as they come out of a printer, and codes on a screen: read back by zbar, which is other hands' work, from what
//! Chromium prints and shows. Exactly the invites that were made, each once.

use crate::driving::{drive, pictures};
use crate::yard::Yard;
use protocol::invite::{Invite, InviteKey, InviteLink};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::programs::good;

/// Dots per inch of an office printer's draft; paper is read at four times as many.
const DPI: &str = "150";

/// Asks for invites by the command line, into a file.
fn ordered(yard: &Yard, folder: &Path, form: &str, count: usize, languages: &[&str]) -> PathBuf {
    let file = folder.join(format!("{form}-{}.html", languages.join("-")));
    let count = count.to_string();
    let mut words = vec!["organiser", "invites", "--organiser-url", yard.organiser_url(), "--token-file", "-"];
    words.extend(["--batch", form, "--count", &count, "--form", form, "--out", file.to_str().unwrap()]);
    words
        .extend(["--language", "--also"].into_iter().zip(languages).flat_map(|(option, language)| [option, *language]));
    let said = good(&words, yard.organiser_token());
    assert!(said.contains(&format!("{count} c")) && said.contains("delete the file"), "{said}");
    file
}

/// Every QR code in a picture, as zbar reads it.
pub(crate) fn read(picture: &Path) -> Vec<String> {
    let codes =
        Command::new("zbarimg").args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(picture).output();
    let codes = codes.expect("zbarimg is missing; run `make setup-browsers`");
    String::from_utf8(codes.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The pages of a PDF as pictures, in order.
pub(crate) fn pages(pdf: &Path, folder: &Path) -> Vec<PathBuf> {
    let root = folder.join(format!("{}-page", pdf.file_stem().unwrap().to_str().unwrap()));
    let drawn = Command::new("pdftoppm").args(["-r", DPI, "-gray", "-png"]).arg(pdf).arg(&root).status();
    assert!(drawn.expect("pdftoppm is missing; run `make setup-browsers`").success());
    let name = root.file_name().unwrap().to_str().unwrap().to_owned();
    let mut pages: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&name));
    pages.sort();
    pages
}

/// The invites of links of this campaign, whose codes are genuine.
fn genuine(yard: &Yard, links: &[String]) -> Vec<String> {
    let key = InviteKey::from_bytes(std::fs::read(yard.data("keys/invite")).unwrap().try_into().unwrap());
    let invite = |link: &String| {
        let link = InviteLink::parse(link).unwrap_or_else(|_| panic!("no link: {link}"));
        assert_eq!((link.campaign, link.base_url.as_str()), (yard.campaign.id(), yard.url()));
        let invite = link.invite.unwrap();
        assert!(key.recognise(yard.campaign.id(), &invite).is_ok());
        invite.code().to_string()
    };
    links.iter().map(invite).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_that_is_printed_is_read_back_exactly_once() {
    let yard = Yard::overview(3600).await;
    let folder = tempfile::tempdir().unwrap();
    for (languages, count, sheets) in
        [(&["en"][..], 9, 3), (&["ru", "en"], 8, 2), (&["fa", "en"], 10, 3), (&["fa"], 3, 2)]
    {
        let name = languages.join("-");
        let file = ordered(&yard, folder.path(), "cards", count, languages);
        let pdf = folder.path().join(format!("{name}.pdf"));
        let request = json!({ "url": yard.url(), "file": file, "pdf": pdf, "name": name, "pictures": pictures() });
        let told = drive("cards", "printed", request, 60).await;
        assert_eq!((&told["asked"], &told["grievances"]), (&json!([]), &json!([])), "nothing leaves the page");
        looks_right(&told["facts"], count, sheets);

        let pages = pages(&pdf, folder.path());
        assert_eq!(pages.len(), sheets, "no page comes empty out of the printer");
        for (number, page) in pages.iter().enumerate() {
            std::fs::copy(page, pictures().join(format!("cards-{name}-sheet-{number}.png"))).unwrap();
        }
        assert_eq!(read(&pages[0]), Vec::<String>::new(), "the first sheet is no card");
        let links: Vec<String> = pages[1..].iter().flat_map(|page| read(page)).collect();
        let mut scanned = genuine(&yard, &links);
        let html = std::fs::read_to_string(&file).unwrap();
        let typed = html.split("<p class=\"code\" dir=\"ltr\">").skip(1).map(|rest| rest.split('<').next().unwrap());
        let mut typed: Vec<String> = typed.map(|code| Invite::parse(code).unwrap().code().to_string()).collect();
        scanned.sort();
        typed.sort();
        assert_eq!(scanned.len(), count);
        assert!(scanned == typed, "what is scanned is what is typed, each once");
        assert_eq!(scanned.iter().collect::<BTreeSet<_>>().len(), count);
    }
}

/// Sizes that a telephone needs to read paper, letters that people can read, and nothing that runs into something else.
fn looks_right(facts: &Value, count: usize, sheets: usize) {
    assert_eq!((&facts["cards"], &facts["sheets"]), (&json!(count), &json!(sheets)));
    let (sides, modules) = (facts["sides"].as_array().unwrap(), facts["modules"].as_f64().unwrap());
    assert!(sides.iter().all(|side| (37.9..38.1).contains(&side.as_f64().unwrap())), "{sides:?}");
    assert!(38.0 / modules > 0.5, "half a millimetre a module at least: {modules}");
    assert_eq!(facts["ink"], json!(["rgb(0, 0, 0)"]));
    assert_eq!(facts["spilled"], json!([]));
    assert!(facts["least"].as_f64().unwrap() >= 6.0, "{facts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_shows_each_code_once_and_never_again() {
    let yard = Yard::overview(3600).await;
    let folder = tempfile::tempdir().unwrap();
    for (languages, count, size) in [
        (&["en"][..], 9, json!({})),
        (&["ru"], 4, json!({ "width": 1920, "height": 1080 })),
        (&["fa", "en"], 4, json!({ "width": 1024, "height": 768 })),
        (&["en", "fa"], 3, json!({ "width": 800, "height": 1200 })),
    ] {
        let name = languages.join("-");
        let file = ordered(&yard, folder.path(), "screen", count, languages);
        let shots = folder.path().join(&name);
        let request = json!({ "url": yard.url(), "file": file, "folder": shots, "name": name, "pictures": pictures(),
            "reload": 2, "size": size });
        let told = drive("cards", "shown", request, 60).await;
        assert_eq!((&told["asked"], &told["grievances"]), (&json!([]), &json!([])), "nothing leaves the page");
        assert_eq!((&told["begin"]["state"], &told["begin"]["remain"]), (&json!("start"), &json!(count)));
        let seen = told["seen"].as_array().unwrap();
        assert_eq!(seen.len(), count);
        for (number, now) in seen.iter().enumerate() {
            assert_eq!((&now["remain"], &now["again"]), (&json!(count - 1 - number), &json!(0)), "{now}");
            assert!(now["wide"].as_i64().unwrap() <= 0, "scrolled sideways: {now}");
        }
        let reloaded = &told["reloaded"];
        assert_eq!(
            (&reloaded["remain"], &reloaded["again"]),
            (&json!(count - 2), &json!(0)),
            "gone, also after a reload"
        );
        for end in ["over", "after"] {
            let told = &told[end];
            assert_eq!((&told["state"], &told["drawing"], &told["again"]), (&json!("over"), &Value::Null, &json!(0)));
        }
        let mut links = Vec::new();
        for number in 0..count {
            let codes = read(&shots.join(format!("{number:03}.png")));
            assert_eq!(codes.len(), 1, "one code at a time, and it can be read");
            links.extend(codes);
        }
        let codes = genuine(&yard, &links);
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), count, "none twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_goes_on_by_the_clock_only_when_it_is_told_to() {
    let yard = Yard::overview(3600).await;
    let folder = tempfile::tempdir().unwrap();
    let file = ordered(&yard, folder.path(), "screen", 12, &["en"]);
    let told = drive("cards", "timed", json!({ "url": yard.url(), "file": file }), 60).await;
    let expected = json!({ "begin": 12, "without": 11, "early": 11, "once": 10, "pressed": 9, "twice": 8, "off": 8,
        "held": 7, "doubled": 6, "others": 6 });
    assert_eq!(told["told"], expected);
    assert_eq!((&told["asked"], &told["grievances"]), (&json!([]), &json!([])));
}
