//! Cases of counting: `counts.json`, the rule of publication, whole logs.

use super::Cases;
use super::log::announcement;
use crate::wire::vectors::Vectors;
use protocol::codec::to_hex;
use protocol::entry::Entry;
use protocol::publication::Area;
use serde_json::{Value, json};

pub(super) fn put(cases: &mut Cases<'_>, vectors: &Vectors) {
    counts(cases, vectors);
    pools(cases);
    groups(cases);
    whole_logs(cases, vectors);
    ticks_of_logs(cases);
    pledges_of_logs(cases, &vectors.log());
}

fn counts(cases: &mut Cases<'_>, vectors: &Vectors) {
    let note = vectors.text("announcement_note");
    let good = json!({
        "campaign_id": vectors.text("campaign_id"), "state": "closed", "tick": 4, "log_size": 22, "target": 100, "total": 15,
        "places": { "4": 5 }, "regions": { "0": 5 }, "root": 5,
        "announcement": { "number": 1, "date": 1_700_100_000, "text": { "en": "Saturday at noon." }, "note": note },
    });
    let with = |member: &str, value: Value| {
        let mut changed = good.clone();
        changed[member] = value;
        changed.to_string()
    };
    cases.good("counts", "of the log", good.to_string());
    cases.good("counts-beside-log", "of the log", good.to_string());
    cases.good("counts-beside-log", "of a later tick that published nothing", with("tick", json!(5)));
    for (what, member, value) in [
        ("of another campaign", "campaign_id", json!("0".repeat(64))),
        ("a state that does not exist", "state", json!("paused")),
        ("a state in upper case", "state", json!("Closed")),
        ("a tick that is no whole number", "tick", json!(3.5)),
        ("another target", "target", json!(99)),
        ("a total that is not the sum", "total", json!(16)),
        ("a place that does not exist", "places", json!({ "7": 5 })),
        ("an index with a zero before it", "places", json!({ "04": 5 })),
        ("a place left out", "places", json!({})),
        ("a region that does not exist", "regions", json!({ "3": 5 })),
        ("a negative number", "root", json!(-5)),
        ("a number that is text", "root", json!("5")),
        ("a member that is not known", "pending", json!(4)),
    ] {
        cases.refused("counts", what, with(member, value));
    }
    let mut many = good.clone();
    (many["root"], many["total"]) = (json!(51), json!(61));
    cases.refused("counts", "more than are eligible", many.to_string());
    let mut said = good["announcement"].clone();
    said["text"]["en"] = json!("Sunday at noon.");
    cases.refused("counts", "an announcement that says something else than its note", with("announcement", said));
    cases.refused("counts", "no root", good.to_string().replace("\"root\":5,", ""));
    cases.refused("counts", "the total twice", good.to_string().replacen('{', "{\"total\":15,", 1));
    cases.refused("counts", "a list", json!([good]).to_string());
    let mut moved = good.clone();
    (moved["places"], moved["regions"]) = (json!({}), json!({ "0": 5, "1": 5 }));
    let mut more = good.clone();
    (more["root"], more["total"]) = (json!(6), json!(16));
    for (what, counts) in [
        ("a place's number shown as its region's", moved.to_string()),
        ("another place", with("places", json!({ "3": 5 }))),
        ("one more", more.to_string()),
        ("a state that the log does not have", with("state", json!("open"))),
        ("a tick before the log's last", with("tick", json!(3))),
        ("no announcement, though the log has one", with("announcement", json!(null))),
    ] {
        cases.good("counts", what, counts.as_str()); // only the log shows what is wrong
        cases.refused("counts-beside-log", what, counts);
    }
}

/// Regions of so many places.
fn region_of(sizes: &[u32]) -> Vec<u32> {
    (0..).zip(sizes).flat_map(|(region, size)| (0..*size).map(move |_| region)).collect()
}

fn pools(cases: &mut Cases<'_>) {
    let mut pool = |what: &str, sizes: &[u32], pending: &[u64], closing: bool| {
        let input = json!({ "k": 5, "region_of": region_of(sizes), "pending": pending, "closing": closing });
        cases.good("pool", what, input);
    };
    pool("an ordinary tick: places with k and more", &[2, 3], &[5, 4, 0, 12, 4], false);
    pool("an ordinary tick: nobody has k", &[2, 3], &[4, 4, 4, 4, 4], false);
    pool("a region with k", &[3], &[4, 0, 1], true);
    pool("a region at its bound, (3 - 1)(5 - 1) = 8", &[3], &[4, 3, 1], true);
    pool("a region above its bound", &[3], &[4, 4, 1], true);
    pool("a place that publishes lowers m", &[3], &[7, 4, 1], true);
    pool("a place that publishes, and three that do not", &[4], &[7, 4, 1, 0], true);
    pool("two regions pass up, one does not", &[3, 2, 3], &[4, 4, 1, 1, 0, 1, 4, 0], true);
    pool("single places have no region of their own", &[1, 1, 1], &[4, 1, 1], true);
    pool("a root of 12 of at most 16", &[2, 2], &[4, 4, 4, 0], true);
    pool("a root of 13 would show every place", &[2, 2], &[4, 4, 4, 1], true);
    pool("a root below k", &[2, 2], &[4, 0, 0, 0], true);
    pool("8 of two regions of three can only be 4 and 4", &[3, 3], &[4, 0, 0, 2, 2, 0], true);
    pool("7 can be 4 and 3, or 3 and 4", &[3, 3], &[4, 0, 0, 2, 1, 0], true);
    pool("a third region makes 8 open again, though it has none", &[3, 3, 2], &[4, 0, 0, 2, 2, 0, 0, 0], true);
    pool("a region all of whose places publish takes no part", &[2, 1, 1], &[5, 6, 4, 4], true);
    pool("nothing", &[2, 2], &[0, 0, 0, 0], true);
}

fn groups(cases: &mut Cases<'_>) {
    type Group = (u8, u32, u64);
    let input = |groups: &[Group], closing: bool| json!({ "k": 5, "region_of": region_of(&[3, 2, 1]), "groups": groups, "closing": closing });
    let good: [(&str, &[Group], bool); 4] = [
        ("none", &[], false),
        ("two places", &[(2, 0, 5), (2, 4, 90)], false),
        ("root and region, closing", &[(0, 0, 6), (1, 0, 8)], true),
        ("a place, closing", &[(2, 0, 5)], true),
    ];
    for (what, groups, closing) in good {
        cases.good("groups", what, input(groups, closing));
    }
    let bad: [(&str, &[Group], bool); 13] = [
        ("fewer than k", &[(2, 0, 4)], false),
        ("out of order", &[(2, 1, 5), (2, 0, 5)], false),
        ("twice one area", &[(2, 0, 5), (2, 0, 5)], false),
        ("a region behind a place", &[(2, 3, 9), (1, 0, 5)], true),
        ("a region at an ordinary tick", &[(1, 0, 5)], false),
        ("the root at an ordinary tick", &[(0, 0, 5)], false),
        ("a region above its bound", &[(1, 0, 9)], true),
        ("a region above the bound that a place lowered", &[(1, 0, 5), (2, 0, 5)], true),
        ("a region of two places", &[(1, 1, 5)], true),
        ("a root at which no place of the first region can be without", &[(0, 0, 21)], true),
        ("a place that does not exist", &[(2, 6, 5)], false),
        ("a region that does not exist", &[(1, 3, 5)], true),
        ("a second root", &[(0, 1, 5)], true),
    ];
    for (what, groups, closing) in bad {
        cases.refused("groups", what, input(groups, closing));
    }
}

/// Entries of the log of the vectors by their indexes: 0 genesis, 1 page, 2 to 7 a place at tick 1, 8 announcement, 9 to 14
/// the root and 15 to 20 a region at tick 4, 21 close.
const LAST: u32 = 21;

fn range(from: u32, to: u32) -> Vec<Value> {
    (from..=to).map(|index| json!(index)).collect()
}

fn entry(entry: &Entry) -> Value {
    json!(to_hex(&entry.encode()))
}

fn whole_logs(cases: &mut Cases<'_>, vectors: &Vectors) {
    let note = |number| entry(&Entry::Announcement(announcement(vectors, number).note.into_bytes()));
    let page = entry(&Entry::Page { manifest_sha256: [7; 32] });
    let mut put = |what: &str, parts: &[Vec<Value>], verdict: &str| cases.put("log", what, parts.concat(), verdict);
    put("of the vectors", &[range(0, LAST)], "good");
    put("the genesis alone", &[range(0, 0)], "good");
    put("up to the first tick", &[range(0, 7)], "good");
    put("an announcement and a page behind the close", &[range(0, LAST), vec![note(2), page.clone()]], "good");
    put("no page", &[range(0, 0), range(2, LAST)], "good");
    put("empty", &[], "refused");
    put("without the genesis", &[range(1, LAST)], "refused");
    put("the genesis twice", &[range(0, 0), range(0, LAST)], "refused");
    put(
        "the genesis of another campaign",
        &[vec![json!(to_hex(vectors.text("genesis").replace("March", "Strike").as_bytes()))], range(1, LAST)],
        "refused",
    );
    put("an entry of no type", &[range(0, 1), vec![json!("06")], range(2, LAST)], "refused");
    put("announcement 2 without 1", &[range(0, 7), vec![note(2)], range(9, LAST)], "refused");
    put("announcement 1 twice", &[range(0, 8), range(8, LAST)], "refused");
    put("announcement 3 behind 1", &[range(0, 8), vec![note(3)], range(9, LAST)], "refused");
    put("an announcement that nobody signed", &[range(0, 7), vec![json!("03")], range(9, LAST)], "refused");
    put("an announcement inside a group", &[range(0, 4), range(8, 8), range(5, 7), range(9, LAST)], "refused");
    put("a page between two groups of a tick", &[range(0, 14), vec![page], range(15, LAST)], "refused");
    put("a group behind the close", &[range(0, 1), range(8, LAST), range(2, 7)], "refused");
    put("the close twice", &[range(0, LAST), range(LAST, LAST)], "refused");
    put("region and root at a tick that does not close", &[range(0, 20)], "refused");
}

fn ticks_of_logs(cases: &mut Cases<'_>) {
    let group = |tick| entry(&Entry::Group { tick, area: Area::place(4), size: 5 });
    let close = |tick| entry(&Entry::Close { tick });
    let mut put = |what: &str, parts: &[Vec<Value>], verdict: &str| cases.put("log", what, parts.concat(), verdict);
    put("closed at a tick without groups", &[range(0, 8), vec![close(2)]], "good");
    put("closed at the tick of its one group", &[range(0, 7), vec![close(1)]], "good");
    put("closed at the final tick", &[range(0, 1), vec![group(10)], range(3, 7), vec![close(10)]], "good");
    put("a group at tick 0", &[range(0, 1), vec![group(0)], range(3, 7)], "refused");
    put("a group behind the final tick, which is 10", &[range(0, 1), vec![group(11)], range(3, 7)], "refused");
    put("a group at the final tick without the close", &[range(0, 1), vec![group(10)], range(3, 7)], "refused");
    put("ticks that go back", &[range(0, 1), vec![group(5)], range(3, LAST)], "refused");
    put("a close at tick 0", &[range(0, 1), vec![close(0)]], "refused");
    put("a close behind the final tick", &[range(0, 8), vec![close(11)]], "refused");
    put("a close before the last group", &[range(0, 1), vec![group(3)], range(3, 7), vec![close(2)]], "refused");
    put("a close at the tick of a group, behind an announcement", &[range(0, 8), vec![close(1)]], "refused");
    put("another closing tick than that of the groups", &[range(0, 20), vec![close(5)]], "refused");
}

fn pledges_of_logs(cases: &mut Cases<'_>, log: &[Vec<u8>]) {
    let group = |index, size| entry(&Entry::Group { tick: 1, area: Area::place(index), size });
    let edited = |at: usize, byte: usize| {
        let mut entry = log[at].clone();
        entry[byte] ^= 1;
        json!(to_hex(&entry))
    };
    let mut put = |what: &str, parts: &[Vec<Value>]| cases.refused("log", what, parts.concat());
    put("a group that ends too soon", &[range(0, 6), range(8, LAST)]);
    put("cut off inside a group", &[range(0, 6)]);
    put("a pledge outside a group", &[range(0, 7), range(7, LAST)]);
    put("two pledges exchanged", &[range(0, 2), range(4, 4), range(3, 3), range(5, LAST)]);
    put("a pledge twice in a group", &[range(0, 1), vec![group(4, 6)], range(3, 7), range(7, LAST)]);
    put(
        "the same pledges at two ticks",
        &[range(0, 7), vec![entry(&Entry::Group { tick: 2, area: Area::place(4), size: 5 })], range(3, LAST)],
    );
    put("a group of another place than its pledges", &[range(0, 1), vec![group(3, 5)], range(3, LAST)]);
    put("a group that says four", &[range(0, 1), vec![group(4, 4)], range(3, 6), range(8, LAST)]);
    put("a group that says none", &[range(0, 1), vec![group(4, 0)], range(8, LAST)]);
    put(
        "pledges moved to another place",
        &[range(0, 1), vec![group(5, 5)], (3..=7).map(|at| edited(at, 5)).collect(), range(8, LAST)],
    );
    put("a pledge with another salt", &[range(0, 6), vec![edited(7, 37)], range(8, LAST)]);
    put("a pledge with another commitment", &[range(0, 6), vec![edited(7, 69)], range(8, LAST)]);
    put("a pledge with another authenticator", &[range(0, 6), vec![edited(7, 325)], range(8, LAST)]);
}
