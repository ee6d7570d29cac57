//! Receipts against right and wrong logs of a small campaign: five places in two regions, k = 5.

use super::*;
use crate::stand_in::World;

const CLOSED: Tick = 3;

fn own(number: u8, place: u32) -> OwnPledge {
    OwnPledge { nonce: Nonce::from_bytes([number; 32]), place }
}

/// Five at place 0, two at place 2, three at place 4, all of region 0; two at place 1 of region 1.
fn pledges() -> Vec<OwnPledge> {
    let places = [(0, 5), (2, 2), (4, 3), (1, 2)];
    let all = places.into_iter().flat_map(|(place, count)| std::iter::repeat_n(place, count));
    (0..).zip(all).map(|(number, place)| own(number, place)).collect()
}

/// What an honest server publishes of them: place 0 at tick 1; the leftovers of region 0 at the close; place 1 never.
fn honest() -> Vec<(u8, Area, u32)> {
    let mut log: Vec<(u8, Area, u32)> = (0..5).map(|number| (number, Area::place(0), 1)).collect();
    log.extend((5..10).map(|number| (number, Area::region(0), 3)));
    log
}

fn reckoned(log: &[(u8, Area, u32)], moment: Moment, uncertain: &[OwnPledge]) -> Reckoning {
    let mut published = Published::default();
    for (number, area, tick) in log {
        let standing = Standing { area: *area, tick: *tick, index: u64::from(*number) };
        assert!(published.add(Nonce::from_bytes([*number; 32]), standing));
    }
    reckon(&World::new().campaign, &published, moment, &pledges(), uncertain)
}

#[test]
fn an_honest_close_comes_out_to_the_last_one() {
    let found = reckoned(&honest(), Moment::Closed(CLOSED), &[]);
    assert_eq!((found.acknowledged, found.published(), found.waiting), (12, 10, 2));
    assert_eq!((found.at_place, found.at_region, found.at_root, found.others), (5, 5, 0, 0));
    assert_eq!(found.places[&1], AtPlace { published: 0, waiting: 2 });
    assert!(found.rule_replayed && found.faults.is_empty(), "{:?}", found.faults);
}

#[test]
fn every_single_lost_pledge_is_found_whichever_it_is() {
    for lost in 0..10 {
        let log: Vec<_> = honest().into_iter().filter(|(number, ..)| *number != lost).collect();
        let found = reckoned(&log, Moment::Closed(CLOSED), &[]);
        assert!(!found.rule_replayed && !found.faults.is_empty(), "{lost} is not missed");
        assert_eq!(found.published() + found.waiting, 12);
    }
}

#[test]
fn what_the_rule_withholds_or_puts_elsewhere_is_found_when_it_is_shown() {
    let closed = |log: &[_]| reckoned(log, Moment::Closed(CLOSED), &[]).faults.join(" ");
    let mut shown = honest();
    shown.extend((10..12).map(|number| (number, Area::ROOT, 3)));
    assert!(
        closed(&shown)
            .contains("2 of the acknowledged pledges were published at the close although the rule withholds")
    );
    let rooted = honest().into_iter().map(|(number, area, tick)| match tick {
        3 => (number, Area::ROOT, 3),
        _ => (number, area, tick),
    });
    let rooted: Vec<_> = rooted.collect();
    assert!(closed(&rooted).contains("5 of the acknowledged pledges were published at the close for another area"));
    let mut moved = honest();
    moved[0].1 = Area::place(3);
    assert!(closed(&moved).contains("1 of the acknowledged pledges stand in the log for another area than their own"));
}

#[test]
fn other_people_are_told_apart_and_hide_only_what_they_could_have_changed() {
    let mut log = honest();
    log.push((200, Area::region(0), 3));
    let found = reckoned(&log, Moment::Closed(CLOSED), &[]);
    assert_eq!((found.others, found.rule_replayed, found.faults.len()), (1, false, 0));
    log.retain(|(number, ..)| *number != 7);
    let faults = reckoned(&log, Moment::Closed(CLOSED), &[]).faults;
    assert!(faults.len() == 1 && faults[0].contains("although the leftovers of their region"), "{faults:?}");
    let unsure = own(200, 2);
    let found = reckoned(&log[..10], Moment::Closed(CLOSED), &[unsure]);
    assert_eq!((found.others, found.unacknowledged), (0, 1), "one that may have been sent is nobody else's");
}

#[test]
fn before_the_close_only_a_whole_group_that_is_not_there_is_a_fault() {
    let none: [(u8, Area, u32); 0] = [];
    assert!(reckoned(&none, Moment::Any, &[]).faults.is_empty());
    let faults = reckoned(&none, Moment::Settled, &[]).faults;
    assert!(
        faults.len() == 1 && faults[0].starts_with("5 of the acknowledged pledges are missing in places"),
        "{faults:?}"
    );
    assert!(reckoned(&honest()[..5], Moment::Settled, &[]).faults.is_empty());
    assert!(reckoned(&honest()[1..5], Moment::Settled, &[]).faults.is_empty(), "one that came after the tick may wait");
}

#[test]
fn a_nonce_that_is_acknowledged_twice_is_found() {
    let twice = [own(1, 0), own(1, 0)];
    let found = reckon(&World::new().campaign, &Published::default(), Moment::Any, &twice, &[]);
    assert_eq!(found.faults, ["1 of the acknowledged pledges were acknowledged twice."]);
}
