//! Recount: an honest log is accepted with the right sums (V1), and every kind of dishonest one is refused, by its rule.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

#[path = "support/log.rs"]
mod log;
#[path = "support/campaign.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod support;

use log::{Pooled, group, published, recount, tick};
use proptest::prelude::*;
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use protocol::entry::Entry;
use protocol::error::Error;
use protocol::issuance::TokenRequest;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::publication::{Area, Level, State};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::sync::LazyLock;
use support::{ISSUER, ORGANISER_SEED, REGION_OF};

static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(|| support::campaign(ISSUER.public()));

/// Another campaign with the same keys, of which only five people are part.
fn campaign_of_five() -> Campaign {
    let mut genesis = CAMPAIGN.genesis().clone();
    genesis.eligible = 5;
    Campaign::new(&genesis.encode(), &support::places_json()).unwrap()
}

/// A pledge whose token nobody signed, for tests of everything but signatures.
fn unsigned(place: u32, number: u8) -> Pooled {
    Pooled {
        pledge: Pledge { place, place_salt: [number; 32], region_salt: [number; 32] },
        authenticator: [number; 256],
    }
}

fn pool(counts: &[(u32, u8)]) -> Vec<Pooled> {
    let of_place = |(place, count): &(u32, u8)| {
        let place = *place;
        (0..*count).map(move |number| unsigned(place, number))
    };
    counts.iter().flat_map(of_place).collect()
}

fn signed(seed: u8, place: u32) -> Pooled {
    let secrets = Phrase::from_bytes([seed; 16]).secrets(CAMPAIGN.id(), place);
    let pledge = secrets.pledge();
    let (key, digest) = (CAMPAIGN.token_key(), CAMPAIGN.challenge_digest());
    let nonce = pledge.nonce(REGION_OF[place as usize]);
    let (request, pending) = TokenRequest::new(&mut secrets.blinding(), key, digest, nonce).unwrap();
    let response = ISSUER.issue(&mut ChaCha20Rng::seed_from_u64(0), &request).unwrap();
    let token = pending.finalize(&response).unwrap();
    Pooled { pledge, authenticator: token.encode()[98..].try_into().unwrap() }
}

fn announcement(campaign: &Campaign, seed: &[u8; 32], number: u32) -> Vec<u8> {
    let mut genesis = campaign.genesis().clone();
    genesis.organiser_key = protocol::note::NoteSigner::new("", seed).public_key();
    let signed = if genesis == *campaign.genesis() {
        Announcement::sign(campaign, seed, number, None, support::english("Now."))
    } else {
        // made by someone else's key, so its maker has to believe in another campaign of the same name
        let other = Campaign::new(&genesis.encode(), &support::places_json()).unwrap();
        Announcement::sign(&other, seed, number, None, support::english("Now."))
    };
    Entry::Announcement(signed.unwrap().note.into_bytes()).encode()
}

fn announced(number: u32) -> Vec<u8> {
    announcement(&CAMPAIGN, &ORGANISER_SEED, number)
}

fn page(byte: u8) -> Vec<u8> {
    let manifest_sha256 = [byte; 32];
    Entry::Page { manifest_sha256 }.encode()
}

fn close(tick: u32) -> Vec<u8> {
    Entry::Close { tick }.encode()
}

/// A group of a place with `size` pledges that differ.
fn place_group(tick: u32, place: u32, size: u8) -> Vec<Vec<u8>> {
    let pledges = (0..size).map(|number| published(&CAMPAIGN, Level::Place, &unsigned(place, number)));
    group(tick, Area::place(place), pledges.collect())
}

/// A group of region 0, whose places are 0, 1 and 2.
fn region_group(tick: u32, size: u8) -> Vec<Vec<u8>> {
    let pledges = (0..size).map(|number| published(&CAMPAIGN, Level::Region, &unsigned(1, number)));
    group(tick, Area::region(0), pledges.collect())
}

/// The genesis and then these entries.
fn log(parts: &[&[Vec<u8>]]) -> Vec<Vec<u8>> {
    [&[CAMPAIGN.genesis_bytes().to_vec()], parts.concat().as_slice()].concat()
}

#[track_caller]
fn assert_refused(entries: &[Vec<u8>], rule: &str) {
    match recount(&CAMPAIGN, entries) {
        Err(error) => assert!(error.to_string().contains(rule), "refused, but because {error}"),
        Ok(_) => panic!("a log that should be refused because {rule}"),
    }
}

#[test]
fn v1_an_honest_log_is_accepted_with_its_sums_and_every_token_verifies() {
    let mut waiting: Vec<Pooled> = (0..5).map(|seed| signed(seed, 3)).collect();
    let leftovers = [0, 1, 2, 0, 1, 3, 4, 5, 5, 6, 6];
    waiting.extend((5..).zip(leftovers).map(|(seed, place)| signed(seed, place)));
    let mut entries = log(&[&[page(1)]]);
    entries.extend(tick(&CAMPAIGN, &mut waiting, 1, false));
    entries.extend([announced(1), page(2)]);
    entries.extend(tick(&CAMPAIGN, &mut waiting, 4, true));
    entries.extend([announced(2), page(3)]);

    let (summary, tokens) = recount(&CAMPAIGN, &entries).unwrap();
    let sums: Vec<(Area, u64)> = summary.sums.iter().collect();
    assert_eq!(sums, [(Area::ROOT, 5), (Area::region(0), 5), (Area::place(3), 6)]);
    assert_eq!((summary.entries, summary.sums.total()), (entries.len() as u64, 16));
    assert_eq!((summary.closed_at, summary.last_tick), (Some(4), 4));
    assert_eq!(summary.manifest_sha256, Some([3; 32]));
    assert_eq!(summary.announcement.as_ref().map(|a| a.number), Some(2));
    assert_eq!(tokens.len(), 16);
    for (token, area) in &tokens {
        assert_eq!(token.verify_signature(CAMPAIGN.token_key()), Ok(()), "{area:?}");
    }
    let mut counts = Counts::new(&CAMPAIGN, State::Closed, 4, summary.entries, &summary.sums, None);
    assert_eq!(counts.check(&summary.sums), Ok(()));
    counts.total += 1;
    assert!(counts.check(&summary.sums).is_err(), "a total of more than the log has");
}

#[test]
fn v1_a_pledge_moved_to_another_area_or_level_or_altered_no_longer_verifies() {
    let pledge = signed(1, 4);
    for level in [Level::Place, Level::Region, Level::Root] {
        let honest = published(&CAMPAIGN, level, &pledge);
        let verifies = |entry: &[u8]| match Entry::decode(entry) {
            Ok(Entry::Pledge(pledge)) => pledge.token(&CAMPAIGN).verify_signature(CAMPAIGN.token_key()),
            _ => panic!("another entry"),
        };
        assert_eq!(verifies(&honest), Ok(()));
        let mut moved = Vec::new();
        for byte in [5, 6, 37, 38, 69, 70, 325] {
            let mut altered = honest.clone();
            altered[byte] ^= 1; // area, both ends of a, of b and of the authenticator
            moved.extend((level != Level::Root || byte != 5).then_some(altered));
        }
        for other in (0..3).filter(|other| *other != level as u8) {
            let mut relabelled = honest.clone();
            relabelled[1] = other;
            if other == 0 {
                relabelled[2..6].fill(0);
            }
            moved.push(relabelled);
        }
        for entry in moved {
            assert_eq!(verifies(&entry), Err(Error::Forged("token")), "{level:?} {:?}", &entry[..6]);
        }
    }
}

#[test]
fn a_log_that_does_not_begin_with_the_genesis_of_the_campaign_is_refused() {
    let other = campaign_of_five().genesis_bytes().to_vec();
    assert_refused(&[], "the log is empty");
    assert_refused(&[other], "not the genesis");
    assert_refused(&[page(1)], "not the genesis");
    assert_refused(&log(&[&[CAMPAIGN.genesis_bytes().to_vec()]]), "malformed log entry");
    let mut longer = CAMPAIGN.genesis_bytes().to_vec();
    longer.push(b'\n');
    assert_refused(&[longer], "not the genesis");
}

#[test]
fn a_group_with_other_pledges_than_it_says_is_refused() {
    let rule = "another number of pledges than it says";
    let six = place_group(1, 0, 6);
    assert_refused(&log(&[&six[..6], &[page(1)]]), rule);
    assert_refused(&log(&[&six[..6], &place_group(1, 1, 5)]), rule);
    assert_refused(&log(&[&six[..3], &[announced(1)], &six[3..]]), rule);
    let header = place_group(1, 0, 5)[..1].to_vec();
    assert_refused(&log(&[&header, &six[1..]]), rule);
    assert_refused(&log(&[&six[1..]]), rule);
    assert_refused(&log(&[&six[..6]]), "ends inside a group");
    assert_refused(&log(&[&six[..1]]), "ends inside a group");
    let empty = group(1, Area::place(0), Vec::new());
    assert_refused(&log(&[&empty]), "a group is empty");
}

#[test]
fn a_group_with_a_foreign_an_unsorted_or_a_doubled_pledge_is_refused() {
    let honest = place_group(1, 0, 5);
    let mut foreign = honest.clone();
    foreign[5] = published(&CAMPAIGN, Level::Place, &unsigned(1, 9));
    assert_refused(&log(&[&foreign]), "a group of another area");
    foreign[5] = published(&CAMPAIGN, Level::Region, &unsigned(0, 9));
    assert_refused(&log(&[&foreign]), "a group of another area");
    let mut unsorted = honest.clone();
    unsorted.swap(2, 3);
    assert_refused(&log(&[&unsorted]), "not sorted, or one is doubled");
    let mut doubled = honest.clone();
    doubled[3] = doubled[2].clone();
    assert_refused(&log(&[&doubled]), "not sorted, or one is doubled");
}

#[test]
fn a_tick_that_does_not_exist_or_goes_back_or_goes_on_later_is_refused() {
    let rule = "does not exist or goes back";
    assert_refused(&log(&[&place_group(0, 0, 5)]), rule);
    assert_refused(&log(&[&place_group(11, 0, 5)]), rule); // the final tick is 10
    assert_refused(&log(&[&place_group(2, 0, 5), &place_group(1, 1, 5)]), rule);
    assert_refused(&log(&[&[close(0)]]), rule);
    assert_refused(&log(&[&[close(11)]]), rule);
    assert_refused(&log(&[&place_group(2, 0, 5), &[close(1)]]), rule);
    let (first, second) = (place_group(2, 0, 5), place_group(2, 1, 5));
    let rule = "a tick goes on after something else";
    assert_refused(&log(&[&first, &[announced(1)], &second]), rule);
    assert_refused(&log(&[&first, &[page(1)], &second]), rule);
    assert_refused(&log(&[&first, &[announced(1)], &[close(2)]]), rule);
    assert!(recount(&CAMPAIGN, &log(&[&first, &second, &[announced(1)], &[close(3)]])).is_ok());
    assert!(recount(&CAMPAIGN, &log(&[&place_group(10, 0, 5), &[close(10)]])).is_ok());
}

#[test]
fn groups_that_break_the_rule_of_publication_are_refused_wherever_the_tick_ends() {
    let next = place_group(3, 1, 5);
    for end in [vec![], vec![page(1)], vec![announced(1)], next, vec![close(3)]] {
        assert_refused(&log(&[&place_group(2, 0, 4), &end]), "smaller than k");
        assert_refused(&log(&[&region_group(2, 5), &end]), "not the closing one");
        let twice = [place_group(2, 0, 5), place_group(2, 0, 5)].concat();
        assert_refused(&log(&[&twice, &end]), "out of order or of one area");
        let backwards = [place_group(2, 1, 5), place_group(2, 0, 5)].concat();
        assert_refused(&log(&[&backwards, &end]), "out of order or of one area");
        let mut unknown = group(2, Area::place(7), place_group(2, 0, 5)[1..].to_vec());
        unknown[1..].iter_mut().for_each(|pledge| pledge[5] = 7);
        assert_refused(&log(&[&unknown, &end]), "does not exist");
    }
    assert_refused(&log(&[&place_group(2, 0, 4), &[close(2)]]), "smaller than k");
    assert_refused(&log(&[&region_group(2, 9), &[close(2)]]), "more than rule 4 allows");
    assert!(recount(&CAMPAIGN, &log(&[&region_group(2, 8), &[close(2)]])).is_ok());
}

#[test]
fn behind_the_close_stand_only_announcements_and_pages() {
    let closed = [place_group(2, 0, 5), vec![close(2)]].concat();
    assert_refused(&log(&[&closed, &place_group(2, 1, 5)]), "behind the close");
    assert_refused(&log(&[&closed, &place_group(3, 1, 5)]), "behind the close");
    assert_refused(&log(&[&closed, &[close(2)]]), "closes twice");
    assert_refused(&log(&[&closed, &[close(3)]]), "closes twice");
    assert!(recount(&CAMPAIGN, &log(&[&closed, &[announced(1), page(1), announced(2)]])).is_ok());
}

#[test]
fn v2_an_announcement_repeated_left_out_forged_or_of_another_campaign_is_refused() {
    let rule = "repeats a number or leaves one out";
    assert_refused(&log(&[&[announced(1), announced(1)]]), rule);
    assert_refused(&log(&[&[announced(2)]]), rule);
    assert_refused(&log(&[&[announced(1), announced(3)]]), rule);
    assert_refused(&log(&[&[announced(1), announced(2), announced(1)]]), rule);
    let rule = "the signature of the announcement does not verify";
    assert_refused(&log(&[&[announcement(&CAMPAIGN, &[9; 32], 1)]]), rule);
    assert_refused(&log(&[&[announcement(&campaign_of_five(), &ORGANISER_SEED, 1)]]), rule);
    let text = String::from_utf8(announced(1)).unwrap().replace("Now.", "Off.");
    assert_refused(&log(&[&[text.into_bytes()]]), rule);
}

#[test]
fn entries_of_unknown_types_or_of_another_length_are_refused() {
    let malformed = "log entry 1: malformed";
    for first in [0, 6, 7, b'{', 255] {
        assert_refused(&log(&[&[vec![first; 14]]]), malformed);
    }
    assert_refused(&log(&[&[vec![]]]), malformed);
    for entry in [place_group(1, 0, 5)[0].clone(), announced(1), close(1), page(1)] {
        let longer = [entry.as_slice(), &[0]].concat();
        assert_refused(&log(&[&[longer]]), malformed);
        assert_refused(&log(&[&[entry[..entry.len() - 1].to_vec()]]), malformed);
    }
    let mut group = place_group(1, 0, 5);
    group[1].push(0);
    assert_refused(&log(&[&group]), "log entry 2: malformed");
    let mut other_root = close(1);
    other_root.splice(.., [1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 5]);
    assert_refused(&log(&[&[other_root]]), malformed);
}

#[test]
fn groups_of_the_final_tick_stand_before_the_close_entry_or_not_at_all() {
    let group = place_group(10, 0, 5);
    assert_refused(&log(&[&group]), "without the close entry");
    assert!(recount(&CAMPAIGN, &log(&[&group, &[close(10)]])).is_ok());
    assert!(recount(&CAMPAIGN, &log(&[&place_group(9, 0, 5)])).is_ok());
}

#[test]
fn v1_more_pledges_than_people_eligible_are_refused() {
    let campaign = campaign_of_five();
    let mut waiting = pool(&[(0, 5)]);
    let mut entries = vec![campaign.genesis_bytes().to_vec()];
    entries.extend(tick(&campaign, &mut waiting, 1, false));
    assert!(recount(&campaign, &entries).is_ok());
    let mut waiting = pool(&[(1, 5)]);
    entries.extend(tick(&campaign, &mut waiting, 2, false));
    let error = recount(&campaign, &entries).err().unwrap().to_string();
    assert!(error.contains("log entry 8: there are more pledges than people eligible"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_an_honest_publisher_writes_an_auditor_accepts(
        arrivals in prop::collection::vec((0u32..7, 1u32..6), 0..60),
        closing in 1u32..=10,
    ) {
        let mut entries = log(&[]);
        let mut waiting = Vec::new();
        for now in 1..=closing {
            let arrived = (0u8..).zip(&arrivals).filter(|(_, (_, at))| *at == now);
            waiting.extend(arrived.map(|(number, (place, _))| unsigned(*place, number)));
            entries.extend(tick(&CAMPAIGN, &mut waiting, now, now == closing));
        }
        let come = arrivals.iter().filter(|(_, at)| *at <= closing).count();
        let (summary, tokens) = recount(&CAMPAIGN, &entries).unwrap();
        prop_assert_eq!(summary.sums.total(), (come - waiting.len()) as u64);
        prop_assert_eq!(tokens.len(), come - waiting.len());
        prop_assert_eq!(summary.closed_at, Some(i64::from(closing)));
        prop_assert!(summary.sums.iter().all(|(_, sum)| sum >= 5));
    }
}
