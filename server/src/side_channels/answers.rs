//! How long answers take, by what whoever asks, or looks on, must not learn.

use super::served::Served;
use super::{Effort, Subject, demand_constant};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use protocol::media;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::hint::black_box;

/// Of a code.
const CHARACTERS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const EFFORT: Effort = Effort { samples: 1500, rounds: 120 };

/// What a careless line does in some microseconds: the twins do it where the secret is so.
fn careless() {
    black_box(Sha256::digest(black_box([0u8; 8192])));
}

/// Asks one request or the other, which must be answered alike, and measures.
fn demand_alike(name: &str, served: &Served, expected: u16, make: &dyn Fn(bool) -> Request) {
    let (next, class) = (RefCell::new(None), Cell::new(false));
    let mut prepare = |of: bool| {
        class.set(of);
        next.replace(Some(make(of)));
    };
    let ask = || {
        let (status, body) = served.ask(next.take().unwrap());
        assert_eq!(status, expected, "{name}: {body:?}");
    };
    let (mut act, mut leak) = (ask, || {
        if class.get() {
            careless();
        }
        ask();
    });
    let mut prepare_twin = |of: bool| {
        class.set(of);
        next.replace(Some(make(of)));
    };
    let subject = Subject { prepare: &mut prepare, act: &mut act };
    demand_constant(name, &EFFORT, subject, Subject { prepare: &mut prepare_twin, act: &mut leak });
}

#[test]
fn u1_how_long_a_refusal_takes_does_not_tell_whether_an_invite_was_used_or_where_a_forged_code_is_wrong() {
    let served = Served::start();
    let invites = served.invites("square", 3000);
    let requests: Vec<Vec<u8>> = (0..4).map(|_| served.participation(0).0).collect();
    let take = |code: &String| assert_eq!(served.ask(served.token_request(code, &requests[0])).0, 200);
    invites[..200].iter().for_each(take);

    // codes whose MAC is wrong from its first character on, or in its last: whoever could tell would find them one by one.
    // Many, and any character: how long a code takes to be read, which its sender knows, is in both the same
    let turn = Cell::new(0);
    let forged = |of: bool| {
        turn.set((turn.get() + 1) % invites.len());
        let mut code: Vec<char> = invites[turn.get()].chars().filter(|c| *c != '-').collect();
        let at = if of { 16 } else { 31 };
        let other = CHARACTERS.chars().cycle().skip_while(|c| *c != code[at]).nth(1 + turn.get() % 31);
        code[at] = other.unwrap();
        code.into_iter().collect::<String>()
    };
    let ask = |of: bool| served.token_request(&forged(of), &requests[1]);
    demand_alike("a forged code", &served, 401, &ask);

    // whoever kept codes tries them after the batch was revoked: some were used in this tick, some never
    served.organise("/organiser/batches/revoke", r#"{"batch":"square"}"#.to_owned());
    let ask = |of: bool| {
        turn.set((turn.get() + 1) % 200);
        served.token_request(&invites[turn.get() + if of { 0 } else { 200 }], &requests[1])
    };
    demand_alike("a used invite of a revoked batch", &served, 401, &ask);
}

#[test]
fn u1_how_long_a_pledge_takes_does_not_tell_its_place() {
    let served = Served::start();
    let pledges: Vec<_> =
        [0, Served::last_place()].map(|place| (0..20).map(|_| served.participation(place)).collect::<Vec<_>>()).into();
    let turn = Cell::new(0);
    let pledge = |of: bool| {
        turn.set((turn.get() + 1) % 20);
        let (_, token, pledge) = &pledges[usize::from(of)][turn.get()];
        let request = Request::post("/pledges").header(AUTHORIZATION, token).header(CONTENT_TYPE, media::PLEDGE);
        request.body(Body::from(pledge.clone())).unwrap()
    };
    for of in [false, true] {
        (0..20).for_each(|_| assert_eq!(served.ask(pledge(of)).0, 201));
    }
    demand_alike("the place of a pledge", &served, 200, &pledge);
}

#[test]
fn u3_how_long_a_request_for_an_invite_by_e_mail_takes_does_not_tell_whether_the_address_is_known() {
    let served = Served::start();
    served.begin_email();
    let (asked, turn) = (Cell::new(0), Cell::new(0));
    let address = |of: bool| {
        turn.set(turn.get() + 1);
        if of { "ann-000000@example.org".to_owned() } else { format!("ann-{:06}@example.org", turn.get()) }
    };
    let ask = |of: bool| {
        if asked.replace(asked.get() + 1) % 900 == 0 {
            served.begin_email(); // the queue takes no more
        }
        let body = format!(r#"{{"email":"{}"}}"#, address(of));
        let request = Request::post("/invite-by-email").header(CONTENT_TYPE, media::JSON);
        request.body(Body::from(body)).unwrap()
    };
    demand_alike("an address that asked before", &served, 202, &ask);
}
