//! Documents in JSON: genesis, places, counts, directory, manifest. What is read keeps its rules, and reads back.

#![no_main]

use fuzz::{CAMPAIGN, kind};
use libfuzzer_sys::fuzz_target;
use protocol::campaign::{Genesis, Places};
use protocol::counts::Counts;
use protocol::directory::IssuerDirectory;
use protocol::page_manifest::{INDEX, PAGE_BYTES_MAX, PAGE_FILES_MAX, PageManifest};
use protocol::page_policy::page_policy;
use protocol::publication::State;

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = kind(data) else { return };
    match kind {
        b'g' => genesis(bytes),
        b'p' => places(bytes),
        b'c' => counts(bytes),
        b'd' => directory(bytes),
        b'm' => manifest(bytes),
        _ => {}
    }
});

fn genesis(input: &[u8]) {
    let Ok(genesis) = Genesis::decode(input) else { return };
    assert!(input.len() <= Genesis::BYTES_MAX && genesis.mistakes().is_empty());
    assert_eq!(Genesis::decode(&genesis.encode()), Ok(genesis.clone()));
    let policy = page_policy(&genesis);
    assert!(!policy.contains(['\r', '\n', ',', '"']), "{policy}");
    assert!(policy.is_ascii() && genesis.issuer_url().contains("://") && genesis.origin_url().contains("://"));
    let schedule = genesis.schedule();
    let last = schedule.final_tick();
    assert!(last >= 1 && schedule.end_of(last) == schedule.closes);
    for now in [0, schedule.opens, schedule.pledges_open, schedule.issuing_closes, schedule.closes, schedule.closes * 2]
    {
        let tick = schedule.last_ended(now);
        assert!(now < schedule.end_of(tick + 1) && (schedule.end_of(tick) <= now));
        let closing = schedule.closing_tick(now);
        assert!((1..=last).contains(&closing));
        let (state, closed) = (schedule.state(now, None), schedule.state(now, Some(closing)));
        assert_eq!(state == State::Closed, now >= schedule.closes);
        assert_eq!(closed == State::Closed, now >= schedule.end_of(closing));
    }
}

fn places(input: &[u8]) {
    let Ok(places) = Places::decode(input) else { return };
    assert_eq!(places.region_sizes().iter().sum::<u32>() as usize, places.places.len());
    let count = u32::try_from(places.places.len()).expect("at most 20,000");
    assert!(places.region_of(count).is_none());
    assert!(
        (0..count).all(|place| places.region_of(place).is_some_and(|region| (region as usize) < places.regions.len()))
    );
    let again = serde_json::to_vec(&places).expect("numbers and texts");
    let read = Places::decode(&again).expect("what was read");
    assert_eq!(serde_json::to_vec(&read).expect("numbers and texts"), again);
}

fn counts(input: &[u8]) {
    let Ok(counts) = serde_json::from_slice::<Counts>(input) else { return };
    let again = serde_json::to_vec(&counts).expect("numbers and texts");
    assert_eq!(serde_json::from_slice::<Counts>(&again).expect("what was read"), counts);
    let adds_up = counts.adds_up();
    if client::campaign::check_counts(&counts, &CAMPAIGN).is_ok() {
        assert!(adds_up && counts.total <= CAMPAIGN.genesis().eligible && counts.campaign_id == CAMPAIGN.id());
        assert!(counts.places.keys().all(|place| *place < 7) && counts.regions.keys().all(|region| *region < 3));
        let note = counts.announcement.as_ref().map(|shown| shown.note.as_str());
        assert!(note.is_none_or(|note| note == fuzz::text("announcement_note")), "only what was signed is shown");
    }
}

fn directory(input: &[u8]) {
    let Ok(directory) = serde_json::from_slice::<IssuerDirectory>(input) else {
        assert!(client::participation::check_directory(&CAMPAIGN, input).is_err());
        return;
    };
    let again = serde_json::to_vec(&directory).expect("numbers and texts");
    assert_eq!(serde_json::from_slice::<IssuerDirectory>(&again).expect("what was read"), directory);
    if client::participation::check_directory(&CAMPAIGN, input).is_ok() {
        assert_eq!(directory, IssuerDirectory::new(CAMPAIGN.token_key()), "one key, and one address");
    }
}

fn manifest(input: &[u8]) {
    let Ok(manifest) = PageManifest::decode(input) else { return };
    let files = manifest.files();
    assert!(files.len() <= PAGE_FILES_MAX && files.iter().any(|file| file.name() == INDEX));
    assert!(files.iter().map(|file| file.size()).sum::<u64>() <= PAGE_BYTES_MAX);
    for file in files {
        let name = file.name();
        assert!(!name.starts_with('.') && !name.contains(['/', '\\', '%', '?', '#', ' ']) && name.is_ascii(), "{name}");
        assert!(file.media_type().contains('/'));
    }
    let value: serde_json::Value = serde_json::from_slice(input).expect("JSON");
    assert_eq!(value["files"].as_array().expect("a list").len(), files.len());
    assert_eq!(value["compiler"], manifest.compiler());
}
