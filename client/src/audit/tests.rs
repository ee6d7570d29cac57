//! Audits of a small log, right and wrong.

use super::*;
use crate::own_entry::Standing;
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

/// A while after the second tick, which ends at 1,020.
const NOW: u64 = 1_000_000;

async fn audited(edit: impl Fn(&mut World, Vec<Vec<u8>>, Sums)) -> Result<Report, Error> {
    audited_at(NOW, edit).await
}

async fn audited_at(now: u64, edit: impl Fn(&mut World, Vec<Vec<u8>>, Sums)) -> Result<Report, Error> {
    let (server, world) = serve_world(|host| {
        let (mut world, entries, sums) = published(host);
        world.publish(entries.clone(), &sums);
        edit(&mut world, entries, sums);
        world
    })
    .await;
    let network = Network::direct();
    let source = Source::Web(network.operation(&server.base).unwrap());
    audit(&network, &source, Some(world.id()), now, |_, _| {}).await
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
    assert!(report.remarks.is_empty() && report.pinned);
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
    assert!(wrong(|counts| counts.total = 11).await.contains("add up"));
}

#[tokio::test]
async fn v1_a_forged_doubled_or_moved_pledge_is_found() {
    let forged = |world: &mut World, mut entries: Vec<Vec<u8>>, sums| {
        *entries[5].last_mut().unwrap() ^= 1;
        world.publish(entries, &sums);
    };
    assert!(refused(forged).await.starts_with("Log entry 6: the token was not signed by the issuer."));
    let doubled = |world: &mut World, entries: Vec<Vec<u8>>, mut sums: Sums| {
        let again = entries[..6].to_vec();
        let mut again: Vec<_> = again;
        again[0] = world.group(3, 2, &[1, 2, 3, 4, 5])[0].clone();
        sums.add(Area::place(2), 5);
        world.publish([entries, again].concat(), &sums);
    };
    assert!(refused(doubled).await.starts_with("Log entry 14: this pledge was published before."));
    let too_small = |world: &mut World, entries: Vec<Vec<u8>>, mut sums: Sums| {
        let small = world.group(3, 1, &[11, 12]);
        sums.add(Area::place(1), 2);
        world.publish([entries, small].concat(), &sums);
    };
    assert!(audited(too_small).await.is_err());
}

#[tokio::test]
async fn what_is_served_beside_the_log_must_fit_it() {
    let unlogged = |world: &mut World, _, _| {
        world.files.insert("join/manifest.json".to_owned(), b"x".to_vec());
    };
    assert!(refused(unlogged).await.contains("knows nothing"));
    let word = |world: &mut World, _, _| drop(world.files.insert("join".to_owned(), b"<p>not built".to_vec()));
    let remarks = audited(word).await.ok().unwrap().remarks;
    assert!(remarks.len() == 1 && remarks[0].contains("names no registration page"), "{remarks:?}");
    let map = |world: &mut World, _, _| {
        world.files.insert("map.json".to_owned(), b"other".to_vec());
    };
    assert!(refused(map).await.contains("map"));
}

#[tokio::test]
async fn v1_a_tick_that_has_not_come_is_found() {
    let slack = 600;
    assert!(audited_at(1_020 - slack, |_, _, _| {}).await.is_err(), "counts.json is of tick 9");
    let in_time = |world: &mut World, _, sums: Sums| world.set_counts(13, &sums, |counts| counts.tick = 2);
    assert!(audited_at(1_020 - slack, in_time).await.is_ok());
    let refused_at = async |now| audited_at(now, in_time).await.err().unwrap().to_string();
    assert!(refused_at(1_019 - slack).await.starts_with("Log entry 7: it is of tick 2"));
    let late = |world: &mut World, _, sums: Sums| world.set_counts(13, &sums, |counts| counts.tick = i64::MAX);
    assert!(refused(late).await.starts_with("counts.json: it is of tick"));
    let closed = |world: &mut World, entries: Vec<Vec<u8>>, sums: Sums| {
        world.publish([entries, vec![Entry::Close { tick: 5 }.encode()]].concat(), &sums);
        world.set_counts(14, &sums, |counts| counts.state = State::Closed);
    };
    assert_eq!(audited_at(1_090, closed).await.ok().unwrap().closed_at, Some(5));
    assert!(audited_at(1_049 - slack, closed).await.err().unwrap().to_string().starts_with("Log entry 13:"));
}

#[tokio::test]
async fn old_numbers_and_an_overdue_close_are_remarked_upon() {
    let old = |world: &mut World, _, _| {
        let mut sums = Sums::default();
        sums.add(Area::place(2), 5);
        world.set_counts(7, &sums, |counts| counts.tick = 1);
    };
    let remarks = audited(old).await.ok().unwrap().remarks;
    assert!(remarks.len() == 1 && remarks[0].contains("old numbers"), "{remarks:?}");
    let closes = 9_000_000_000;
    assert!(audited_at(closes + 10, |_, _, _| {}).await.ok().unwrap().remarks.is_empty());
    let remarks = audited_at(closes + 11, |_, _, _| {}).await.ok().unwrap().remarks;
    assert!(remarks.len() == 1 && remarks[0].contains("should have closed"), "{remarks:?}");
}

#[tokio::test]
async fn the_report_names_the_root_as_the_checkpoint_does() {
    let report = audited(|_, _, _| {}).await.ok().unwrap();
    let head = TreeHead { size: 13, root: [0xfb; 32] };
    let signer = protocol::note::NoteSigner::new("name", &[1; 32]);
    let signed = String::from_utf8(head.sign(&signer).unwrap()).unwrap();
    assert_eq!(Report { head, ..report }.root_hash(), signed.lines().nth(2).unwrap());
}

#[tokio::test]
async fn a_participant_finds_her_entry_and_nobody_elses() {
    let report = audited(|_, _, _| {}).await.ok().unwrap();
    let found = |seed| report.published.find(&report.campaign, &Phrase::from_bytes([seed; 16]));
    let own = found(7).unwrap();
    let Standing { area, tick, index } = own.standing;
    assert_eq!((own.place, area, tick), (3, Area::place(3), 2));
    assert!((8..13).contains(&index));
    assert_eq!(found(77), None);
}
