//! The campaign file: one that is taken makes a genesis or has its mistakes told, each at a line that it has.

#![no_main]

use fuzz::{CAMPAIGN, text};
use libfuzzer_sys::fuzz_target;
use protocol::campaign::Genesis;
use protocol::campaign_file::{Additions, CampaignFile};
use server::init::{Source, review};

fuzz_target!(|data: &[u8]| {
    let Ok(input) = std::str::from_utf8(data) else { return };
    let lines = input.matches('\n').count() + 1;
    let told = |mistakes: &str| {
        for mistake in mistakes.split("\nline ").map(|one| one.trim_start_matches("line ")) {
            let line = mistake.split(':').next().and_then(|line| line.parse::<usize>().ok());
            assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{mistakes}");
        }
    };
    let file = match CampaignFile::parse(input) {
        Ok(file) => file,
        Err(error) => return told(&error.to_string()),
    };
    assert!(file.email.as_ref().is_none_or(|email| email.maximum <= file.terms().eligible));
    for key in ["places", "map", "title", "opens", "no such key"] {
        assert!((1..=lines).contains(&file.line(key)));
    }
    let (places, map) = (text("places_json").as_bytes().to_vec(), b"{}".to_vec());
    let source = Source { file, places, map };
    for now in [0, source.file.terms().opens, 1 << 40] {
        let _criticised = review(&source, now);
    }
    let known = CAMPAIGN.genesis();
    let made = source.file.genesis(Additions {
        token_key: known.token_key.clone(),
        log_key: known.log_key,
        receipt_key: known.receipt_key,
        places_sha256: known.places_sha256,
        map_sha256: known.map_sha256,
    });
    let genesis = made.expect("a file that is taken makes a campaign");
    assert_eq!(Genesis::decode(&genesis.encode()), Ok(genesis));
});
