//! The log: entries, bundles, names of tiles, and whole logs made of the vectors' entries and of the input's own. What a
//! recount lets pass keeps the rules, by a plainer count.

#![no_main]

use fuzz::{CAMPAIGN, ENTRIES, kind};
use libfuzzer_sys::fuzz_target;
use protocol::counts::Counts;
use protocol::entry::{ENTRY_BYTES_MAX, Entry};
use protocol::publication::{Level, State};
use protocol::recount::{Recount, Seen};
use protocol::tile::{TileName, TileTree, leaf_hash, put_bundled, read_bundle};
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = kind(data) else { return };
    match kind {
        b'e' => entry(bytes),
        b'b' => bundle(bytes),
        b't' => tile(bytes),
        b'l' => log(bytes),
        _ => {}
    }
});

fn entry(input: &[u8]) {
    let Ok(entry) = Entry::decode(input) else { return };
    assert!(entry.encode() == input && input.len() <= ENTRY_BYTES_MAX, "one spelling");
    if let Entry::Pledge(pledge) = entry {
        let token = pledge.token(&CAMPAIGN);
        assert!(token.nonce() == pledge.nonce() && token.is_of(&CAMPAIGN));
        let published = token.verify_signature(CAMPAIGN.token_key()).is_ok();
        assert_eq!(published, ENTRIES.iter().any(|known| known == input), "no other entry has a token");
    }
}

fn bundle(input: &[u8]) {
    let Some((width, bytes)) = input.split_first() else { return };
    let width = u32::from(*width) + 1;
    let Ok(entries) = read_bundle(bytes, width) else { return };
    assert_eq!(entries.len(), width as usize);
    let mut again = Vec::new();
    for entry in &entries {
        put_bundled(&mut again, entry).expect("it was read");
    }
    assert_eq!(again, bytes);
    let mut tree = TileTree::new();
    for entry in &entries {
        tree.push(leaf_hash(entry));
    }
    let (head, leaves) = (tree.head(), entries.iter().map(|entry| leaf_hash(entry)).collect::<Vec<_>>());
    assert_eq!((head.size, head.root), (u64::from(width), root(&leaves)));
}

/// The root by the definition (RFC 6962 §2.1).
fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    if let [leaf] = leaves {
        return *leaf;
    }
    let left = leaves.len().next_power_of_two() / 2;
    Sha256::new()
        .chain_update([1])
        .chain_update(root(&leaves[..left]))
        .chain_update(root(&leaves[left..]))
        .finalize()
        .into()
}

fn tile(input: &[u8]) {
    let Ok(path) = std::str::from_utf8(input) else { return };
    let Ok(name) = TileName::parse(path) else { return };
    assert_eq!(name.path(), path);
    assert!((1..=256).contains(&name.width) && !path.contains("..") && !path.contains("//"));
    for size in [0, 1, 255, 256, 257, 65_536, 70_001, u64::MAX] {
        let within = name.is_within(size);
        assert!(size > 0 || !within);
        if size == 70_001 && name.level.is_none_or(|level| level == 0) {
            assert_eq!(within, name.index < 274 && name.index * 256 + u64::from(name.width) <= 70_001);
        }
    }
}

/// Each step is a byte: the number of an entry of the vectors, or 255 and an entry of the input's own with its length in
/// two bytes before it.
fn log(mut input: &[u8]) {
    let (mut recount, mut entries) = (Recount::new(&CAMPAIGN), Vec::new());
    while let Some((step, rest)) = input.split_first() {
        input = rest;
        let entry = match (ENTRIES.get(usize::from(*step)), input.split_first_chunk::<2>()) {
            (Some(entry), _) => entry.clone(),
            (None, Some((length, rest))) if *step == 255 => {
                let (entry, rest) = rest.split_at(rest.len().min(usize::from(u16::from_be_bytes(*length))));
                input = rest;
                entry.to_vec()
            }
            _ => continue,
        };
        match recount.entry(&entry) {
            Ok(Seen::Pledge { token, nonce, .. }) => assert!(token.nonce() == nonce),
            Ok(Seen::Other) => {}
            Err(_) => return,
        }
        entries.push(entry);
    }
    let Ok(summary) = recount.finish() else { return };
    assert_eq!((summary.entries, &entries[0]), (entries.len() as u64, &ENTRIES[0]));
    let (k, mut groups, mut pledges) = (CAMPAIGN.genesis().k, BTreeMap::new(), BTreeMap::new());
    for entry in &entries[1..] {
        match Entry::decode(entry).expect("it was read") {
            Entry::Group { area, size, tick } => {
                assert!(size >= k && (1..=summary.last_tick).contains(&i64::from(tick)));
                assert!(summary.closed_at.is_some() || area.level == Level::Place, "the rest only at the close");
                *groups.entry(area).or_insert(0) += u64::from(size);
            }
            Entry::Pledge(pledge) => *pledges.entry(pledge.area).or_insert(0) += 1,
            Entry::Announcement(_) | Entry::Close { .. } | Entry::Page { .. } => {}
        }
    }
    assert_eq!(groups, pledges, "groups have as many pledges as they say");
    assert_eq!(summary.sums.iter().collect::<BTreeMap<_, _>>(), groups);
    assert!(summary.sums.total() <= CAMPAIGN.genesis().eligible);
    let last_is_public = |entry: &Vec<u8>| !matches!(entry[0], 1 | 2);
    let close = entries[1..].iter().position(|entry| entry[0] == 4);
    assert_eq!(close.is_some(), summary.closed_at.is_some());
    assert!(close.is_none_or(|at| entries[at + 2..].iter().all(last_is_public)), "nothing is counted behind the close");
    let counts = Counts::new(&CAMPAIGN, State::Open, summary.last_tick, summary.entries, &summary.sums, None);
    assert!(counts.check(&summary.sums).is_ok() && counts.adds_up());
}
