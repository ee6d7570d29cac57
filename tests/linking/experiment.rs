//! The experiment itself: what the adversary links against the real client, against each faulty one, by the order in
//! the stores before and after a tick, and by arrival.

use crate::adversary::{Attack, Seen};
use crate::arrival::{Delay, Knowledge, percent_right};
use crate::faulty::Way;
use crate::observation::{Exchange, Observation};
use crate::population::{Fate, Person, Scene, Truth, people};
use crate::scoring::{CHANCE_MOST, SEED, Score, demand_chance, false_alarm, scores};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The right pledge of every invite, as indices; of those whose code is wanted.
fn pledge_of_each(seen: &Seen, truth: &Truth, wanted: impl Fn(&str) -> bool) -> Vec<Option<usize>> {
    let index: BTreeMap<&[u8], usize> =
        seen.redeemed.iter().enumerate().map(|(index, one)| (one.party.key.as_slice(), index)).collect();
    let answer = |code: &[u8]| {
        let code = std::str::from_utf8(code).unwrap();
        let nonce = truth.pledged.get(code).filter(|_| wanted(code))?;
        index.get(nonce.as_slice()).copied()
    };
    seen.issued.iter().map(|issued| answer(&issued.party.key)).collect()
}

/// The pledge in `here` of the phrase of every pledge in `there`.
fn same_phrase(there: &Seen, here: &Seen, truths: [&Truth; 2]) -> Vec<Option<usize>> {
    let phrases: BTreeMap<&Vec<u8>, &String> =
        truths[0].of_phrase.iter().map(|(phrase, nonce)| (nonce, phrase)).collect();
    let answer = |nonce: &Vec<u8>| {
        let ours = truths[1].of_phrase.get(*phrases.get(nonce)?)?;
        here.redeemed.iter().position(|one| one.party.key == *ours)
    };
    there.redeemed.iter().map(|one| answer(&one.party.key)).collect()
}

fn fate(index: usize) -> Fate {
    match index % 20 {
        0 => Fate::Repeats,
        1 => Fate::LosesToken,
        2 => Fate::LosesReceipt,
        3 | 4 => Fate::ChangesPlace,
        5 => Fate::NeverPledges,
        _ => Fate::Plain,
    }
}

/// The same phrases once more.
fn again(people: &[Person], count: usize, place: impl Fn(u32) -> u32) -> Vec<Person> {
    let person =
        |one: &Person| Person { phrase: one.phrase.clone(), place: place(one.place), fate: Fate::Plain, way: one.way };
    people.iter().filter(|one| one.fate != Fate::NeverPledges).take(count).map(person).collect()
}

/// Requests that only read, and answers to them, must be the same bytes for everybody: then there is nothing in them.
fn readers_look_alike(seen: &Observation) {
    let authorised =
        |exchange: &&Exchange| exchange.sent.windows(15).any(|window| window.eq_ignore_ascii_case(b"authorization: "));
    let mut looks: BTreeMap<String, HashSet<&Exchange>> = BTreeMap::new();
    for exchange in seen.exchanges.iter().filter(|exchange| !authorised(exchange)) {
        looks.entry(exchange.line()).or_default().insert(exchange);
    }
    assert!(looks.len() >= 4, "{:?}", looks.keys());
    for (line, looks) in looks {
        assert_eq!(looks.len(), 1, "{line} does not look the same for everybody");
    }
}

fn print(title: &str, scores: &Scores) {
    println!("\n{title}");
    for (attack, Score { right, of }) in scores {
        println!("  {attack:<24} {right:>5} of {of}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_issuer_and_origin_together_link_no_better_than_chance() {
    const PEOPLE: usize = 2000;
    const ELSEWHERE: usize = 300;
    println!("seed {SEED}; more than {CHANCE_MOST} right by chance: {:.1e} per attack", false_alarm());
    let (here, there) = (Scene::start().await, Scene::start().await);
    let crowd = people(PEOPLE, SEED, Way::Right, fate);
    let second = again(&crowd, ELSEWHERE, |place| place - place % 2);
    let truth = here.take_part(crowd, 32).await;
    let truth_there = there.take_part(second, 32).await;
    let (seen, seen_there) = (observe(here).await, observe(there).await);
    readers_look_alike(&seen);
    let (seen, seen_there) = (read(seen).await, read(seen_there).await);
    assert_eq!(
        (seen.issued.len(), truth.pledged.len(), seen.redeemed.len()),
        (PEOPLE, PEOPLE * 19 / 20, PEOPLE * 19 / 20)
    );
    let attacks = seen.link_invites(Some(&seen_there));
    let everybody = scores(&attacks, &pledge_of_each(&seen, &truth, |_| true), seen.redeemed.len());
    print("each invite's pledge, the real client", &everybody);
    let changed = pledge_of_each(&seen, &truth, |code| truth.changed.contains(code));
    let changed = scores(&attacks, &changed, seen.redeemed.len());
    print("… of those who asked for a second place", &changed);
    let pairs = same_phrase(&seen_there, &seen, [&truth_there, &truth]);
    assert_eq!(pairs.iter().flatten().count(), ELSEWHERE);
    let pairs = scores(&seen.link_campaigns(&seen_there), &pairs, seen.redeemed.len());
    print("pledges of one phrase in two campaigns", &pairs);
    for (what, scores) in [("invites", everybody), ("changed places", changed), ("two campaigns", pairs)] {
        demand_chance(what, &scores);
    }
}

type Scores = BTreeMap<&'static str, Score>;

/// Clients down, attacks across: how many each gets right.
fn print_table(rows: &[(String, Scores)]) {
    let attacks: BTreeSet<&str> = rows.iter().flat_map(|(_, scores)| scores.keys().copied()).collect();
    println!();
    for (number, attack) in (b'A'..).map(char::from).zip(&attacks) {
        println!("  {number} = {attack}");
    }
    let letters: String = (b'A'..).take(attacks.len()).map(|letter| format!("{:>5}", char::from(letter))).collect();
    println!("  {:<36}{letters}   of", "right guesses");
    for (client, scores) in rows {
        let cell = |attack| scores.get(attack).map_or("-".to_owned(), |score| score.right.to_string());
        let cells: String = attacks.iter().map(|attack| format!("{:>5}", cell(attack))).collect();
        println!("  {client:<36}{cells}  {:>3}", scores["all together"].of);
    }
}

/// What a faulty client gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victims {
    /// Each invite's pledge.
    Everybody,
    /// The pledges of those who asked for a second place.
    Changed,
    /// Pledges of one phrase in two campaigns.
    Pairs,
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_the_same_adversary_finds_out_every_faulty_client() {
    use Victims::{Changed, Everybody, Pairs};
    use Way::*;
    let faults = [
        (FactorOfEverybody, Everybody),
        (FactorWithoutPlace, Changed),
        (FactorWithoutCampaign, Everybody),
        (FactorWithoutCampaign, Pairs),
        (FactorFromInvite, Everybody),
        (FactorFromNonce, Everybody),
        (FactorTooSmall, Everybody),
        (FactorOfRepeatedBytes, Everybody),
        (SaltsFromInvite, Everybody),
        (SaltsAreTheInvite, Everybody),
        (SaltsWithoutCampaign, Pairs),
        (SaltsWithoutCampaignAndPlace, Pairs),
        (PssSaltFromInvite, Everybody),
        (PssSaltOfThePhrase, Pairs),
        (PersonalLength, Everybody),
        (PersonalHeader, Everybody),
    ];
    let mut rows = Vec::new();
    for (way, victims) in faults {
        rows.push((format!("{way:?}, {victims:?}"), against(way, victims).await));
    }
    print_table(&rows);
    let lost = |(_, scores): &&(String, Scores)| scores["all together"].right * 10 <= scores["all together"].of * 9;
    let lost: Vec<&String> = rows.iter().filter(lost).map(|(client, _)| client).collect();
    assert!(lost.is_empty(), "the adversary should have found out {lost:?}");
}

/// How the adversary fares against a crowd with one faulty client.
async fn against(way: Way, victims: Victims) -> Scores {
    const PEOPLE: usize = 100;
    let fate = |index| match (victims, index % 20) {
        (_, 5) => Fate::NeverPledges,
        (Victims::Changed, _) => Fate::ChangesPlace,
        _ => Fate::Plain,
    };
    let here = Scene::start().await;
    let crowd = people(PEOPLE, SEED, way, fate);
    let second =
        again(&crowd, PEOPLE, |place| if way == Way::SaltsWithoutCampaignAndPlace { place / 2 } else { place });
    let truth = here.take_part(crowd, 8).await;
    let elsewhere = if victims == Victims::Pairs || way == Way::FactorWithoutCampaign {
        let there = Scene::start().await;
        let truth = there.take_part(second, 8).await;
        Some((truth, read(observe(there).await).await))
    } else {
        None
    };
    let seen = read(observe(here).await).await;
    let (attacks, answers): (Vec<Attack>, _) = match (victims, &elsewhere) {
        (Victims::Pairs, Some((truth_there, there))) => {
            (seen.link_campaigns(there), same_phrase(there, &seen, [truth_there, &truth]))
        }
        _ => {
            let wanted = |code: &str| victims != Victims::Changed || truth.changed.contains(code);
            (seen.link_invites(elsewhere.as_ref().map(|(_, there)| there)), pledge_of_each(&seen, &truth, wanted))
        }
    };
    scores(&attacks, &answers, seen.redeemed.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_a_directory_seized_between_two_ticks_links_nobody() {
    const PEOPLE: usize = 300;
    let mut scene = Scene::start().await;
    let truth = scene.take_part(people(PEOPLE, SEED, Way::Right, |_| Fate::Plain), 1).await;
    scene.world.stop().await;
    let mut seen = read(Observation::take(&scene.world, &scene.recorder, SEED)).await;
    let answers = pledge_of_each(&seen, &truth, |_| true);
    let score = |seen: &Seen| scores(&seen.link_by_order(), &answers, seen.redeemed.len())["stores, order"];
    let before = score(&seen);
    // with a pool that keeps the order, as the store of invites does, the same adversary names nearly all
    let as_sled_would = seen.pledges_in_the_order_of_invites(&answers);
    seen.files.push(("redemption-in-order/rows".into(), as_sled_would));
    let in_order = score(&seen);
    scene.world.restart().await;
    scene.world.tick().await;
    scene.world.stop().await;
    seen.files = tests::folders::files(&scene.world.data());
    let after = score(&seen);
    println!("\norder in the stores: {} of {} before the tick, {} after", before.right, before.of, after.right);
    println!("were the pool in the order of arrival: {}", in_order.right);
    assert!(in_order.right * 10 > in_order.of * 9, "the adversary sees an order where there is one: {in_order:?}");
    assert!(before.right <= CHANCE_MOST && after.right <= CHANCE_MOST, "{before:?} {after:?}");
}

#[test]
fn u1_what_the_order_of_arrival_adds_is_measured() {
    const PEOPLE: usize = 2000;
    println!("\npercent of pledges named rightly by times alone, {PEOPLE} participants");
    println!("  tokens an hour   pledge            order   window   ticks");
    for per_hour in [20.0, 200.0, 2000.0] {
        for delay in [Delay::AtOnce, Delay::Default, Delay::CollectedFirst] {
            let [order, window, ticks] = [Knowledge::Order, Knowledge::Window, Knowledge::Ticks]
                .map(|knowledge| percent_right(PEOPLE, per_hour, delay, knowledge));
            println!("  {per_hour:>14}   {delay:<15?} {order:>7.2} {window:>8.2} {ticks:>7.2}");
            let best = order.max(window).max(ticks);
            match delay {
                // the program must see what there is to be seen
                Delay::AtOnce => assert!(best > 30.0, "{best}"),
                Delay::Default => {}
                Delay::CollectedFirst => assert!(best < 100.0 * CHANCE_MOST as f64 / PEOPLE as f64, "{best}"),
            }
        }
    }
}

/// What was seen of a campaign, and what lies there right after a tick.
async fn observe(mut scene: Scene) -> Observation {
    scene.world.tick().await;
    scene.world.stop().await;
    Observation::take(&scene.world, &scene.recorder, SEED)
}

async fn read(observation: Observation) -> Seen {
    tokio::task::spawn_blocking(|| Seen::read(observation)).await.unwrap()
}
