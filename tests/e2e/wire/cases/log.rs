//! Cases of the log's files: entries, names of tiles, bundles, checkpoints, announcements.

use super::Cases;
use crate::wire::vectors::Vectors;
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::codec::to_hex;
use protocol::note::NoteSigner;
use serde_json::json;

pub(super) fn put(cases: &mut Cases<'_>, vectors: &Vectors) {
    entries(cases, &vectors.log());
    tile_names(cases);
    bundles(cases);
    checkpoints(cases, vectors);
    announcements(cases, vectors);
}

fn entries(cases: &mut Cases<'_>, log: &[Vec<u8>]) {
    let (page, group, pledge, close) = (&log[1], &log[2], &log[3], &log[21]);
    for (what, entry) in [
        ("a page", page),
        ("a group", group),
        ("a pledge at its place", pledge),
        ("an announcement", &log[8]),
        ("a pledge at the root", &log[10]),
        ("a pledge at its region", &log[16]),
        ("a close", close),
    ] {
        cases.good("entry", what, to_hex(entry));
    }
    cases.good("entry", "an announcement of nothing: its note is looked at by itself", "03");
    for (what, entry) in [("page", page), ("group", group), ("pledge", pledge), ("close", close)] {
        cases.refused("entry", &format!("a {what} of a byte less"), to_hex(&entry[..entry.len() - 1]));
        cases.refused("entry", &format!("a {what} of a byte more"), to_hex(&[entry, &[0][..]].concat()));
    }
    cases.refused("entry", "nothing", "");
    cases.refused("entry", "type 0", to_hex(&[&[0], &page[1..]].concat()));
    cases.refused("entry", "type 6", to_hex(&[&[6], &page[1..]].concat()));
    cases.refused("entry", "the genesis, which has no type and stands only in front", to_hex(&log[0]));
    cases.refused("entry", "a group at level 3", to_hex(&[&group[..5], &[3], &group[6..]].concat()));
    cases.refused("entry", "a pledge at the root of area 1", to_hex(&[&log[10][..5], &[1], &log[10][6..]].concat()));
}

fn tile_names(cases: &mut Cases<'_>) {
    for name in [
        "tile/0/000",
        "tile/0/000.p/1",
        "tile/1/005.p/255",
        "tile/63/000",
        "tile/0/x001/x234/067",
        "tile/entries/000.p/17",
        "tile/entries/x001/000",
    ] {
        cases.good("tile-name", name, name);
    }
    for name in [
        "",
        "tile/0",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/001/000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/00/000",
        "tile/64/000",
        "tile/+0/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/+1",
        "tile/0/000.p/1/",
        "tile/Entries/000",
        "tile/data/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        cases.refused("tile-name", &format!("\"{name}\""), name);
    }
}

fn bundles(cases: &mut Cases<'_>) {
    let of = |width: u32, bytes: &str| json!({ "width": width, "bytes": bytes });
    cases.good("bundle", "one entry", of(1, "0002aabb"));
    cases.good("bundle", "two entries, one of them empty", of(2, "00000001ff"));
    cases.refused("bundle", "an entry too few", of(2, "0002aabb"));
    cases.refused("bundle", "an entry too many", of(1, "0002aabb0000"));
    cases.refused("bundle", "an entry cut off", of(1, "0003aabb"));
    cases.refused("bundle", "half a length", of(2, "0001aa00"));
}

fn checkpoints(cases: &mut Cases<'_>, vectors: &Vectors) {
    let (note, seed) = (vectors.text("checkpoint_note"), vectors.array("log_seed"));
    let name = vectors.campaign().log_name();
    let sign = |name: &str, text: &str| {
        String::from_utf8(NoteSigner::new(name, &seed).sign(text.as_bytes()).unwrap()).unwrap()
    };
    let text = note.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let root = text.lines().nth(2).unwrap();
    assert_eq!(sign(&name, &text), note);
    cases.good("checkpoint", "of the vectors", note);
    let other = NoteSigner::new("witness.example", &[9; 32]).sign(text.as_bytes()).unwrap();
    let other = String::from_utf8(other).unwrap().split_once("\n\n").unwrap().1.to_owned();
    cases.good("checkpoint", "with a signature of somebody else besides", format!("{note}{other}"));
    cases.refused("checkpoint", "with a signature of somebody else only", format!("{text}\n{other}"));
    let own = note.split_once("\n\n").unwrap().1;
    let spoilt = own.replacen(own.split(' ').nth(2).unwrap().get(10..20).unwrap(), "AAAAAAAAAA", 1);
    cases.good("checkpoint", "signed, and the same again with another signature", format!("{note}{spoilt}"));
    cases.refused("checkpoint", "the other way round", format!("{text}\n{spoilt}{own}"));
    let besides = |line: &str| format!("{note}\u{2014} witness.example {line}\n");
    cases.refused("checkpoint", "with a line besides that is too short for a signature", besides("AAAA"));
    cases.refused("checkpoint", "with a line besides in base64url", besides("AAAA_AAAAAAA"));
    cases.refused("checkpoint", "with 101 signatures", format!("{note}{}", other.repeat(100)));
    cases.refused("checkpoint", "of another size", note.replacen("\n22\n", "\n23\n", 1));
    cases.refused("checkpoint", "another letter in the signature", {
        let at = note.len() - 10;
        let letter = if &note[at..=at] == "A" { "B" } else { "A" };
        format!("{}{letter}{}", &note[..at], &note[at + 1..])
    });
    cases.refused("checkpoint", "without the newline at its end", note.trim_end());
    cases.refused("checkpoint", "with a newline more", format!("{note}\n"));
    cases.refused("checkpoint", "without a signature", format!("{text}\n"));
    cases.refused("checkpoint", "with a hyphen for the dash", note.replace('\u{2014}', "-"));
    cases.refused("checkpoint", "by another key of the same name", {
        let signed = NoteSigner::new(&name, &[9; 32]).sign(text.as_bytes()).unwrap();
        String::from_utf8(signed).unwrap()
    });
    cases.refused("checkpoint", "by the log's key under another name", sign("origin.example", &text));
    for (what, text) in [
        ("of another log", format!("origin.example/log\n22\n{root}\n")),
        ("with an extension line", format!("{text}more\n")),
        ("with two lines", format!("{name}\n22\n")),
        ("a size with a zero before it", format!("{name}\n022\n{root}\n")),
        ("a size with a sign", format!("{name}\n+22\n{root}\n")),
        ("a root without padding", format!("{name}\n22\n{}\n", root.trim_end_matches('='))),
        ("a root in base64url", format!("{name}\n22\n{}\n", root.replace('+', "-").replace('/', "_"))),
        ("a root of three bytes", format!("{name}\n22\nAAAA\n")),
    ] {
        cases.refused("checkpoint", &format!("by the log's key: {what}"), sign(&name, &text));
    }
}

/// An announcement by the organiser key.
pub(super) fn announcement(vectors: &Vectors, number: u32) -> Announcement {
    let text = [("en".to_owned(), "Bring water.".to_owned())].into_iter().collect();
    Announcement::sign(&vectors.campaign(), &vectors.array("organiser_seed"), number, None, text).unwrap()
}

fn announcements(cases: &mut Cases<'_>, vectors: &Vectors) {
    let campaign: Campaign = vectors.campaign();
    let (id, name) = (campaign.id().to_string(), campaign.organiser_name());
    let sign = |seed: [u8; 32], name: &str, lines: [&str; 4]| {
        let text = lines.join("\n") + "\n";
        String::from_utf8(NoteSigner::new(name, &seed).sign(text.as_bytes()).unwrap()).unwrap()
    };
    let (organiser, log) = (vectors.array("organiser_seed"), vectors.array("log_seed"));
    let (first, body) = ("headcount/v1/announcement", "{\"date\":null,\"text\":{\"en\":\"Now.\"}}");
    cases.good("announcement", "of the vectors", vectors.text("announcement_note"));
    cases.good("announcement", "without a date", announcement(vectors, 2).note);
    cases.good(
        "announcement",
        "in no language",
        sign(organiser, &name, [first, &id, "1", "{\"date\":null,\"text\":{}}"]),
    );
    cases.refused("announcement", "by the log's key", sign(log, &name, [first, &id, "1", body]));
    cases.refused(
        "announcement",
        "under the log's name",
        sign(organiser, &campaign.log_name(), [first, &id, "1", body]),
    );
    let other = "0".repeat(64);
    for (what, lines) in [
        ("another first line", ["headcount/v2/announcement", &id, "1", body]),
        ("of another campaign", [first, &other, "1", body]),
        ("number 0", [first, &id, "0", body]),
        ("a number with a zero before it", [first, &id, "01", body]),
        ("a number that is too large", [first, &id, "4294967296", body]),
        ("no date, not even null", [first, &id, "1", "{\"text\":{\"en\":\"Now.\"}}"]),
        ("a date beyond 2^40", [first, &id, "1", "{\"date\":1099511627777,\"text\":{}}"]),
        ("a negative date", [first, &id, "1", "{\"date\":-1,\"text\":{}}"]),
        ("a member that is not known", [first, &id, "1", "{\"date\":null,\"text\":{},\"x\":1}"]),
        ("a language twice", [first, &id, "1", "{\"date\":null,\"text\":{\"en\":\"a\",\"en\":\"b\"}}"]),
        ("a list", [first, &id, "1", "[null,{\"en\":\"Now.\"}]"]),
        ("a line more", [first, &id, "1", "{\"date\":null,\n\"text\":{}}"]),
    ] {
        cases.refused("announcement", what, sign(organiser, &name, lines));
    }
}
