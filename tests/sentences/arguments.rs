//! What a participant, an auditor or an organiser can mistype or mistake: links, phrases, tokens, places, ids, dates,
//! files. Nothing is sent for any of it, and nothing of a secret is repeated.

use crate::judge::{Table, client};
use crate::stage::Stage;
use protocol::codec::to_base64;
use protocol::phrase::Phrase;
use std::os::unix::fs::PermissionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

const INVITES: [&str; 7] = ["organiser", "invites", "--batch", "a", "--count", "2", "--organiser-url"];
const WAY: [&str; 5] = ["--direct", "--checked", "--now", "--json", "-"];

fn join<'a>(place: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["join", "--place", place], more, &WAY].concat()
}

#[test]
fn a_mistyped_link_is_told_by_the_part_that_is_wrong() {
    let (stage, mut table) = (Stage::start(), Table::default());
    let (link, [compact, code]) = (stage.links[0].clone(), stage.codes(0));
    let id = link.rsplit('=').next().unwrap().to_owned();
    let mut try_link = |case: &str, bad: &str, mentions: &str| {
        let said = client(&join("0", &[]), bad);
        table.judge(case, &said, &[&compact, &code, &code[5..19], &id], mentions);
        let alone = client(&["counts", bad, "--json"], "");
        table.judge(&format!("counts, {case}"), &alone, &[&compact, &code, &code[5..19], &id], "");
    };
    for group in 0..8 {
        let mut other = code.clone();
        other.replace_range(group * 5 + 1..group * 5 + 2, "u");
        try_link(&format!("group {}", group + 1), &link.replace(&code, &other), &format!("group {}", group + 1));
        let mut shorter = code.clone();
        shorter.remove(group * 5);
        try_link(
            &format!("short group {}", group + 1),
            &link.replace(&code, &shorter),
            &format!("group {}", group + 1),
        );
    }
    for (case, bad, mentions) in [
        ("longer code", link.replace(&code, &format!("{code}-0000")), "longer"),
        ("nothing", String::new(), ""),
        ("two lines", link.replace("#i=", "#\ni="), "one line"),
        ("id cut off", link[..link.len() - 1].to_owned(), "c="),
        ("id in capitals", link.replace(&id, &id.to_uppercase()), "c="),
        ("no id", link.replace(&format!("&c={id}"), ""), "campaign"),
        ("two ids", format!("{link}&c={id}"), "link"),
        ("two invites", link.replace("#i=", &format!("#i={code}&i=")), "link"),
        ("something behind it", format!("{link}&x=1"), "link"),
        ("http", link.replace("http://127.0.0.1", "http://example.org"), "https"),
        ("a user name", link.replace("http://", "http://me@"), ""),
        ("another page", link.replace("/join#", "/joint#"), ""),
    ] {
        try_link(case, &bad, mentions);
    }
    let without_invite = link.replace(&format!("i={code}&"), "");
    table.judge("no invite", &client(&join("0", &[]), &without_invite), &[&id], "carries no invite");
    let end = if link.ends_with('a') { "q" } else { "a" };
    let another = format!("{}{end}", &link[..link.len() - 1]);
    table.judge("another campaign", &client(&join("0", &[]), &another), &[&compact, &code], "another campaign");
    table.end(50);
}

#[test]
fn a_mistyped_phrase_token_or_place_is_told_and_not_repeated() {
    let (stage, mut table) = (Stage::start(), Table::default());
    let (token, phrase) = stage.token(0);
    let words = std::fs::read_to_string(&phrase).unwrap();
    let numbers = Phrase::parse(&words).unwrap().numbers().to_string();
    let half: String = words.split(' ').take(3).collect::<Vec<_>>().join(" ");
    for (case, bad, mentions) in [
        ("a word that is none", words.replacen(words.split(' ').nth(4).unwrap(), "headcount", 1), "word"),
        ("a word missing", words.rsplit_once(' ').unwrap().0.to_owned(), "11 words"),
        ("a word more", format!("{words} zoo"), "13 words"),
        ("another word", format!("{} zoo zoo", words.rsplitn(3, ' ').last().unwrap()), "belong together"),
        ("a number too large", numbers.replacen(numbers.split(' ').next().unwrap(), "2049", 1), "number 1"),
        ("a number with a sign", format!("+{numbers}"), "number 1"),
        ("nothing", " \n".to_owned(), "no phrase"),
        ("bytes", "\u{0}\u{7}".to_owned(), ""),
    ] {
        let file = stage.file("bad-phrase", &bad);
        let secrets: [&str; 3] = [&words, &half, "headcount zoo"];
        for command in [
            &["status", &stage.url, "--direct", "--json", "--phrase-file", &file][..],
            &["pledge", &stage.url, "--direct", "--now", "--json", "--token-file", &token, "--phrase-file", &file],
            &["token", &stage.links[1], "--place", "0", "--direct", "--checked", "--json", "--phrase-file", &file],
            &["status", &stage.url, "--direct", "--json", "--phrase", &bad],
        ] {
            if bad.contains('\u{0}') && command.contains(&bad.as_str()) {
                continue; // no argument can hold it
            }
            table.judge(&format!("{} {case}", command[0]), &client(command, ""), &secrets, mentions);
        }
    }
    let text = std::fs::read_to_string(&token).unwrap();
    let other_phrase = stage.file("other-phrase", &Phrase::from_bytes([77; 16]).words());
    for (case, bad, with, mentions) in [
        ("cut off", text[..471].to_owned(), &phrase, "471 characters"),
        ("longer", format!("{text}AAAA"), &phrase, "476 characters"),
        ("nothing", String::new(), &phrase, "no token"),
        ("another type", format!("AAAA{}", &text[4..]), &phrase, "damaged"),
        ("another alphabet", text.replacen(&text[40..41], "*", 1), &phrase, "damaged"),
        ("another nonce", format!("{}AAAAAAAA{}", &text[..8], &text[16..]), &phrase, "phrase"),
        ("another signature", format!("{}AAAAAAAA{}", &text[..400], &text[408..]), &phrase, ""),
        ("another key", format!("{}AAAAAAAA{}", &text[..100], &text[108..]), &phrase, ""),
        ("another phrase", text.clone(), &other_phrase, "phrase"),
    ] {
        let file = stage.file("bad-token", &bad);
        let pledge =
            ["pledge", &stage.url, "--direct", "--now", "--json", "--token-file", &file, "--phrase-file", with];
        table.judge(&format!("token {case}"), &client(&pledge, ""), &[&words, &text[20..60]], mentions);
    }
    for (place, mentions) in
        [("Mirny", "several places"), ("Mosc", "number"), ("Nowhere", "Nowhere"), ("3", "0 to 2"), ("-1", ""), ("", "")]
    {
        let said = client(&join(&format!("={place}")[1..], &[]), &stage.links[1]);
        table.judge(&format!("place {place:?}"), &said, &stage.codes(1).each_ref().map(String::as_str), mentions);
    }
    table.end(40);
}

#[test]
fn what_is_wrong_with_ids_addresses_proxies_and_options_is_told() {
    let (stage, mut table) = (Stage::start(), Table::default());
    let (url, link) = (stage.url.as_str(), stage.links[0].as_str());
    let (id, secrets) = (stage.id.to_string(), stage.codes(0));
    let other = "0".repeat(64);
    for (words, mentions) in [
        (&["counts", url, "--campaign", &id[1..]][..], "campaign id"),
        (&["counts", url, "--campaign", "+"], "campaign id"),
        (&["counts", url, "--campaign", &other], "another campaign"),
        (&["counts", link, "--campaign", &other], "different campaigns"),
        (&["audit", url, "--campaign", &id.replace(&id[..1], "g")], "campaign id"),
        (&["audit", "/nonexistent"], "neither"),
        (&["audit", "."], ""),
        (&["counts", "example.org"], "address"),
        (&["counts", "http://example.org"], "https"),
        (&["counts", "https://user:word@example.org"], "user name"),
        (&["counts", "https://example.org/page"], "end after the host"),
        (&["counts", "http://abcdefg.onion"], "Tor"),
        (&["counts", "ftp://example.org"], "https"),
        (&["counts", ""], "address"),
        (&["counts", url, "--proxy", "http://127.0.0.1:1"], "socks5h"),
        (&["counts", url, "--proxy", "socks5://127.0.0.1:1"], "socks5h"),
        (&["counts", url, "--proxy", "socks5h://127.0.0.1"], "port"),
        (&["counts", url, "--proxy", "socks5h://a:b@127.0.0.1:1"], "user name"),
        (&["counts", url, "--relay", "https://relay.example"], "relay"),
        (&["counts", url, "--top", "-1"], ""),
        (&["counts", url, "--top", "many"], "--top"),
        (&["counts"], "<URL>"),
        (&["count", url], "command"),
        (&["join", "-", "--delay", "soon"], "--delay"),
        (&["join", "-", "--delay", "1", "--now"], "together"),
        (&["join", link, link], "too many"),
        (&["join", "--link", link], "--link"),
        (&["join", link, "--link-file", "x"], "together"),
        (&["join", link, "--direct", "--proxy", "socks5h://127.0.0.1:1"], "together"),
        (&["organiser", "invites", "--organiser-url", url, "--batch", "a", "--count", "0"], "--count"),
        (&["organiser", "invites", "--organiser-url", url, "--batch", "a"], "--count"),
        (&["organiser", "announce", url, "--organiser-url", url], "missing"),
        (&[&INVITES[..], &[url, "--form", "paper"]].concat(), "--form"),
        (&[&INVITES[..], &[url, "--form", "cards"]].concat(), "--out"),
        (&[&INVITES[..], &[url, "--form", "csv", "--out", "x", "--language", "en"]].concat(), "no language"),
        (&[&INVITES[..], &[url, "--also", "en"]].concat(), "no language"),
    ] {
        let said = client(&[words, &["--json"]].concat(), link);
        table.judge(&words.join(" ").replace(link, "LINK"), &said, &secrets.each_ref().map(String::as_str), mentions);
    }
    table.end(36);
}

#[test]
fn files_that_are_missing_or_unreadable_or_not_ours_are_told() {
    let (stage, mut table) = (Stage::start(), Table::default());
    let (url, link) = (stage.url.as_str(), stage.links[0].as_str());
    let folder = stage.folder.path().join("a-folder");
    std::fs::create_dir(&folder).unwrap();
    let folder = folder.to_str().unwrap().to_owned();
    let bytes = stage.folder.path().join("bytes");
    std::fs::write(&bytes, [0xff; 100]).unwrap();
    let bytes = bytes.to_str().unwrap().to_owned();
    let locked = stage.file("locked", "text");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    let readable = std::fs::read(&locked).is_ok(); // root reads everything
    let (_, phrase) = stage.token(1);
    for (file, mentions) in
        [("/no/such/file", "no such file"), (&folder, "folder"), (&bytes, "not a text"), (&locked, "permissions")]
    {
        if file == locked && readable {
            continue;
        }
        for words in [
            &["join", "--link-file", file, "--place", "0", "--direct", "--checked"][..],
            &["join", "-", "--phrase-file", file, "--place", "0", "--direct", "--checked"],
            &["status", url, "--direct", "--phrase-file", file],
            &["pledge", url, "--direct", "--phrase-file", &phrase, "--token-file", file],
            &["organiser", "counts", "--organiser-url", &stage.organiser_url, "--token-file", file],
            &[
                "organiser",
                "announce",
                url,
                "--organiser-url",
                url,
                "--token-file",
                "-",
                "--key",
                file,
                "--text",
                "en=a",
            ],
        ] {
            let case = format!("{} {} {file}", words[0], words[1]);
            let said = client(&[words, &["--json"]].concat(), link);
            table.judge(&case, &said, &stage.codes(0).each_ref().map(String::as_str), mentions);
        }
    }
    for (out, mentions) in [(phrase.as_str(), "exists already"), ("/no/such/file", "no such"), (&folder, "")] {
        for words in [
            &["organiser", "key", "--out", out][..],
            &["token", "-", "--place", "0", "--direct", "--checked", "--out", out],
            &["join", "-", "--place", "0", "--direct", "--checked", "--now", "--keep-token", out],
        ] {
            let said = client(&[words, &["--json"]].concat(), link);
            table.judge(&format!("{words:?}"), &said, &stage.codes(0).each_ref().map(String::as_str), mentions);
        }
    }
    // nothing that was refused used the invite
    assert_eq!(client(&join("0", &[]), link).code, Some(0));
    table.end(27);
}

#[test]
fn what_an_organiser_can_mistake_is_told() {
    let (stage, mut table) = (Stage::start(), Table::default());
    let listener = ["--organiser-url", &stage.organiser_url, "--token-file", "-", "--json"];
    let other_key = stage.file("other.key", &to_base64(&[9; 32]));
    let no_key = stage.file("no.key", "not a key");
    let long = format!("en={}", "a".repeat(66_000));
    let announce = |key: &str, more: &[&str]| {
        let words = [&["organiser", "announce", stage.url.as_str(), "--key", key, "--yes"], more, &listener].concat();
        client(&words, &stage.organiser_token)
    };
    let own = stage.organiser_key.as_str();
    for (case, said, mentions) in [
        ("another key", announce(&other_key, &["--text", "en=a"]), "organiser key"),
        ("no key", announce(&no_key, &["--text", "en=a"]), "key"),
        ("no language", announce(own, &["--text", "We meet"]), "language"),
        ("empty text", announce(own, &["--text", "en="]), "language"),
        ("a language twice", announce(own, &["--text", "en=a", "--text", "en=b"]), "two texts"),
        ("too long", announce(own, &["--text", &long]), "shorter"),
        ("a past date", announce(own, &["--text", "en=a", "--date", "2001-01-01"]), "past"),
        ("a far date", announce(own, &["--text", "en=a", "--date", "9000-01-01"]), "ten years"),
        ("no date", announce(own, &["--text", "en=a", "--date", "2021-02-29"]), "date"),
        ("a date with a sign", announce(own, &["--text", "en=a", "--date", "+1900000000"]), "date"),
    ] {
        table.judge(&format!("announce, {case}"), &said, &[&stage.organiser_token], mentions);
    }
    let close = client(&[&["organiser", "close"], &listener[..]].concat(), &stage.organiser_token);
    table.judge("close without a yes", &close, &[&stage.organiser_token], "--yes");
    table.end(11);
}

#[test]
fn what_can_be_mistaken_about_invites_is_told() {
    let (stage, mut table) = (Stage::start(), Table::default());
    let listener = ["--organiser-url", &stage.organiser_url, "--token-file", "-", "--json"];
    let no_key = stage.file("no.key", "not a key");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let in_an_hour = (now + 3600).to_string();
    let invites = |batch: &str, count: &str, more: &[&str], token: &str| {
        let words = ["organiser", "invites", "--batch", batch, "--count", count];
        client(&[&words[..], more, &listener].concat(), token)
    };
    let token = stage.organiser_token.as_str();
    let out = stage.folder.path().join("cards.html").to_str().unwrap().to_owned();
    let cards = ["--form", "cards", "--out", out.as_str()];
    for (case, said, mentions) in [
        ("a wrong token", invites("b", "1", &[], "wrong-token-of-somebody"), "token"),
        ("a token that cannot be sent", invites("b", "1", &[], "to\u{7}ken"), "token"),
        ("no token", invites("b", "1", &[], ""), "token"),
        ("more than eligible", invites("b", "5000", &[], token), "fewer"),
        ("more than at once", invites("b", "4000000000", &[], token), ""),
        ("per tick below k", invites("b", "10", &["--per-tick", "1"], token), ""),
        ("no name", invites("", "10", &[], token), ""),
        (
            "cards in another language",
            invites("b", "10", &[&cards[..], &["--language", "xx"]].concat(), token),
            "--language",
        ),
        ("cards in one language twice", invites("b", "10", &[&cards[..], &["--also", "en"]].concat(), token), "--also"),
        ("more cards than at once", invites("b", "1001", &cards, token), "1,000"),
        ("over a file", invites("b", "10", &["--form", "csv", "--out", &no_key], token), "another name"),
        ("no expiry", invites("b", "1", &["--expires", "soon"], token), "expiry"),
        ("a past expiry", invites("b", "1", &["--expires", "2001-01-01"], token), "past"),
        ("an expiry behind the close", invites("b", "1", &["--expires", "9000-01-01"], token), "expiry"),
        ("an expiry for a batch without", invites("a", "1", &["--expires", &in_an_hour], token), "made with"),
    ] {
        table.judge(&format!("invites, {case}"), &said, &["wrong-token", token], mentions);
    }
    assert!(!std::path::Path::new(&out).exists(), "nothing is left of what was refused");
    let organise = |words: &[&str], token: &str| client(&[&["organiser"], words, &listener].concat(), token);
    for (case, said, mentions) in [
        ("revoke without a yes", organise(&["revoke", "--batch", "a"], token), "--yes"),
        ("revoke no batch", organise(&["revoke", "--batch", "none", "--yes"], token), "organiser batches"),
        ("revoke without a name", organise(&["revoke", "--yes"], token), "--batch"),
        ("revoke with a wrong token", organise(&["revoke", "--batch", "a", "--yes"], "wrong-token"), "token"),
        ("batches with a wrong token", organise(&["batches"], "wrong-token"), "token"),
        ("actions with a wrong token", organise(&["actions"], "wrong-token"), "token"),
    ] {
        table.judge(case, &said, &["wrong-token", token], mentions);
    }
    let good = organise(&["invites", "--batch", "short", "--count", "1", "--expires", &in_an_hour], token);
    assert_eq!(good.code, Some(0), "{}", good.err);
    assert!(organise(&["batches"], token).out.contains("\"expires\":"));
    table.end(21);
}
