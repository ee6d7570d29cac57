//! Audits of a small log, right and wrong.

use super::*;
use crate::own_entry;
use crate::stand_in::{World, serve_world};
use protocol::counts::Sums;
use protocol::entry::Entry;
use protocol::phrase::Phrase;
use protocol::publication::{Area, State};

/// Two groups of five in two ticks.
fn published(host: &str) -> (World, Vec<Vec<u8>>, Sums) {
    let world = World::at(host, |_| {});
    let mut entries = world.group(1, 2, &[1, 2, 3, 4, 5]);
    entries.extend(world.group(2, 3, &[6, 7, 8, 9, 10]));
    let mut sums = Sums::default();
    sums.add(Area::place(2), 5);
    sums.add(Area::place(3), 5);
    (world, entries, sums)
}

async fn audited(edit: impl Fn(&mut World, Vec<Vec<u8>>, Sums)) -> Result<Report, Error> {
    let (server, world) = serve_world(|host| {
        let (mut world, entries, sums) = published(host);
        world.publish(entries.clone(), &sums);
        edit(&mut world, entries, sums);
        world
    })
    .await;
    let network = Network::direct();
    let source = Source::Web(network.operation(&server.base).unwrap());
    audit(&network, &source, Some(world.id()), NOW, |_, _| {}, |_, _, _| {}).await
}

async fn refused(edit: impl Fn(&mut World, Vec<Vec<u8>>, Sums)) -> String {
    audited(edit).await.err().unwrap().to_string()
}

#[tokio::test]
async fn v1_a_right_log_is_found_right() {
    let report = audited(|_, _, _| {}).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((report.pledges, report.groups, report.places), (10, 2, 2));
    assert_eq!((report.head.size, report.last_tick, report.closed_at), (13, 2, None));
    assert_eq!(report.counts_compared_at, Some(13));
    assert!(report.remarks.is_empty());
}

#[tokio::test]
async fn counts_of_an_earlier_checkpoint_are_compared_there() {
    let of_first = || {
        let mut sums = Sums::default();
        sums.add(Area::place(2), 5);
        sums
    };
    let report = audited(|world, _, _| world.set_counts(7, &of_first(), |_| {})).await;
    assert_eq!(report.ok().unwrap().counts_compared_at, Some(7));
    assert!(refused(|world, _, sums| world.set_counts(7, &sums, |_| {})).await.contains("other numbers"));
    assert!(refused(|world, _, _| world.set_counts(13, &of_first(), |_| {})).await.contains("other numbers"));
    let early = |world: &mut World, _, _| {
        let mut sums = Sums::default();
        sums.add(Area::place(2), 3);
        world.set_counts(5, &sums, |_| {});
    };
    assert!(refused(early).await.contains("inside a group"));
    assert!(refused(|world, _, sums| world.set_counts(14, &sums, |_| {})).await.contains("signs only 13"));
}

#[tokio::test]
async fn counts_that_say_otherwise_are_found() {
    let wrong = |edit: fn(&mut Counts)| refused(move |world, _, sums| world.set_counts(13, &sums, edit));
    assert!(wrong(|counts| counts.state = State::Closed).await.contains("closed"));
    assert!(wrong(|counts| counts.tick = 1).await.contains("earlier tick"));
    assert!(wrong(|counts| counts.target = 7).await.contains("target"));
    assert!(wrong(|counts| counts.total = 11).await.contains("contradicts itself"));
    let moved = |counts: &mut Counts| {
        let count = counts.places.remove(&3).unwrap();
        counts.places.insert(1, count);
    };
    assert!(wrong(moved).await.contains("other numbers"));
}

#[tokio::test]
async fn v1_a_forged_doubled_or_moved_pledge_is_found() {
    let forged = |world: &mut World, mut entries: Vec<Vec<u8>>, sums| {
        *entries[5].last_mut().unwrap() ^= 1;
        world.publish(entries, &sums);
    };
    assert_eq!(refused(forged).await, "log entry 6: the token was not signed by the issuer");
    let doubled = |world: &mut World, entries: Vec<Vec<u8>>, mut sums: Sums| {
        let again = entries[..6].to_vec();
        let mut again: Vec<_> = again;
        again[0] = world.group(3, 2, &[1, 2, 3, 4, 5])[0].clone();
        sums.add(Area::place(2), 5);
        world.publish([entries, again].concat(), &sums);
    };
    assert_eq!(refused(doubled).await, "log entry 14: this pledge was published before");
    let too_small = |world: &mut World, entries: Vec<Vec<u8>>, mut sums: Sums| {
        let small = world.group(3, 1, &[11, 12]);
        sums.add(Area::place(1), 2);
        world.publish([entries, small].concat(), &sums);
    };
    assert!(audited(too_small).await.is_err());
}

#[tokio::test]
async fn what_is_served_beside_the_log_must_fit_it() {
    let page = |world: &mut World, entries: Vec<Vec<u8>>, sums| {
        let entry = Entry::Page { manifest_sha256: Sha256::digest(b"manifest").into() };
        world.publish([entries, vec![entry.encode()]].concat(), &sums);
    };
    let with = |manifest: &'static [u8]| {
        move |world: &mut World, entries, sums| {
            page(world, entries, sums);
            world.files.insert("join/manifest.json".to_owned(), manifest.to_vec());
        }
    };
    assert!(audited(with(b"manifest")).await.is_ok());
    assert!(refused(with(b"another")).await.contains("/join"));
    assert!(refused(page).await.contains("/join"));
    let unlogged = |world: &mut World, _, _| {
        world.files.insert("join/manifest.json".to_owned(), b"x".to_vec());
    };
    assert!(refused(unlogged).await.contains("knows nothing"));
    let map = |world: &mut World, _, _| {
        world.files.insert("map.json".to_owned(), b"other".to_vec());
    };
    assert!(refused(map).await.contains("map"));
}

#[tokio::test]
async fn a_participant_finds_her_entry_and_nobody_elses() {
    let (server, world) = serve_world(|host| {
        let (mut world, entries, sums) = published(host);
        world.publish(entries, &sums);
        world
    })
    .await;
    let find = async |phrase: &Phrase| {
        let network = Network::direct();
        let source = Source::Web(network.reading(&server.base).unwrap());
        let found = own_entry::find(&network, &source, Some(world.id()), NOW, phrase, |_, _| {}).await;
        found.unwrap_or_else(|error| panic!("{error}")).1
    };
    let found = find(&Phrase::from_bytes([7; 16])).await.unwrap();
    assert_eq!((found.place, found.area, found.tick), (3, Area::place(3), 2));
    assert!((8..13).contains(&found.index));
    assert_eq!(find(&Phrase::from_bytes([77; 16])).await, None);
}

#[tokio::test]
async fn v1_a_tick_that_has_not_ended_is_found_and_an_overdue_close_is_remarked() {
    let (server, world) = serve_world(|host| {
        let (mut world, entries, sums) = published(host);
        world.publish(entries, &sums);
        world
    })
    .await;
    let at = async |now| {
        let network = Network::direct();
        let source = Source::Web(network.reading(&server.base).unwrap());
        audit(&network, &source, Some(world.id()), now, |_, _| {}, |_, _, _| {}).await
    };
    let schedule = world.campaign.genesis().schedule();
    // counts.json names tick 9
    let early = at(schedule.end_of(9) - 601).await.err().unwrap().to_string();
    assert!(early.contains("has not ended"), "{early}");
    assert!(at(schedule.end_of(9) - 600).await.is_ok());
    let late = at(schedule.closes + 1000).await.ok().unwrap();
    assert!(late.remarks.iter().any(|remark| remark.contains("should have closed")));
}

/// Long after the ticks of these logs, long before the campaign closes.
const NOW: u64 = 2_000_000;
