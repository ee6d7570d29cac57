//! The page: whole whatever is in the account, and nothing in it that runs or is not text.

use super::*;
use crate::rehearsal::account::Audited;
use crate::rehearsal::arrivals::Curve;
use crate::rehearsal::machine::{Busy, Limits};
use crate::rehearsal::reckoning::{AtPlace, OwnPledge, Reckoning};
use crate::rehearsal::trouble::{Answers, Kind};
use crate::rehearsal::{Outcome, Plan};
use crate::stand_in::World;
use protocol::pledge::Nonce;
use std::time::Duration;

fn account(outcome: Outcome) -> Account {
    let plan = Plan {
        participants: 3,
        arrivals: Curve::Launch,
        rate_per_second: 10,
        in_flight_max: 5,
        readers: 2,
        refresh: Duration::from_secs(3),
        readings: 0,
        slow_percent: 1,
        broken_percent: 1,
        seed: 42,
    };
    Account::new(&World::new().campaign, plan, outcome, "2021-03-23".to_owned(), None)
}

fn measured() -> Outcome {
    let mut outcome = Outcome { bare_bytes: true, ..Outcome::default() };
    for n in 0..30 {
        let at = Duration::from_millis(u64::from(n) * 100);
        outcome.arrived.push(at);
        outcome.lag.add(at, Duration::from_micros(50));
        outcome.tokens.add(at, Duration::from_millis(5 + u64::from(n)));
        outcome.pledges.add(at + Duration::from_millis(5), Duration::from_millis(2));
        outcome.acknowledged.push(OwnPledge { nonce: Nonce::from_bytes([n; 32]), place: 2 });
    }
    let wrong = [("<script>".to_owned(), 2)].into();
    outcome.trouble.insert(Kind::ForgedToken, Answers { right: 7, wrong });
    outcome.failures.insert("<b>&".to_owned(), 2);
    outcome
}

fn tags_are_balanced(page: &str) -> bool {
    let (mut open, mut rest) = (Vec::new(), page);
    while let Some((_, after)) = rest.split_once('<') {
        let Some((tag, after)) = after.split_once('>') else { return false };
        rest = after;
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
        if tag.starts_with('!') || tag.ends_with('/') || ["meta", "br"].contains(&name) {
            continue;
        } else if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else {
            open.push(name);
        }
    }
    open.is_empty()
}

#[test]
fn a_page_says_what_the_account_holds_and_nothing_of_it_becomes_markup() {
    let mut account = account(measured());
    account.published_over_time = vec![(0.0, 0), (2.0, 20), (4.0, 28)];
    account.place_names = [(2, "<i>Ж".to_owned())].into();
    let places = [(2, AtPlace { published: 28, waiting: 2 })].into();
    account.reckoning =
        Some(Reckoning { acknowledged: 30, at_place: 28, waiting: 2, places, others: 4, ..Reckoning::default() });
    account.audited = Some(Audited { closed: true, log_size: 36, ..Audited::default() });
    account.faults.push("A fault.".to_owned());
    let page = page(&account);
    assert!(tags_are_balanced(&page) && !tags_are_balanced("<p><b></p></b>"));
    for said in [
        "30 pledged = 28 published + 2 withheld",
        "3 errors; they stand at the end.",
        "<b>2 ×</b> &lt;b&gt;&amp;",
        "2 × &lt;script&gt;",
        "&lt;i&gt;Ж",
        "A fault.",
        "2021-03-23",
        "seed 42",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("<script") && !page.contains("NaN") && !page.contains("inf,"));
    assert_eq!(page.matches("<svg ").count(), 8);
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), 8);
}

#[test]
fn a_rehearsal_that_was_ended_at_once_has_a_page_too() {
    let outcome = Outcome { stopped: true, ..Outcome::default() };
    let page = page(&account(outcome));
    assert!(tags_are_balanced(&page) && page.contains("It was ended before all had come."));
    assert!(!page.contains("NaN") && !page.contains("<svg "));
}

#[test]
fn what_was_reached_stands_beside_what_the_machine_can_do() {
    let mut account = account(measured());
    assert!(!page(&account).contains("What the machine carries"));
    account.limits = Some(Limits { cores: 2, signatures: 300, verifications: 60_000 });
    let page_without_usage = page(&account);
    // ten came in each second, and all answers were quick
    for said in
        ["What the machine carries", "2 cores doing nothing else", ">300</td>", ">3 %</td>", ">60\u{202f}000</td>"]
    {
        assert!(page_without_usage.contains(said), "{said}");
    }
    account.outcome.busy = Some(Busy { rehearsing: 0.5, others: 0.25, seconds: 4.0 });
    assert!(page(&account).contains("readers took 50 %, everything else 25 %; 25 % was left.</p>"));
    account.server_is_here = true;
    let said = "carries about 30 participants a second with as many readers to each, as far as processors go: half a \
                million in 278 minutes.";
    assert!(page(&account).contains(said) && tags_are_balanced(&page(&account)));
}
