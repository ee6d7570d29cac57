//! Those who take their time: silent, dripping and half-sent connections end by the server's limits, with others served
//! meanwhile. All of them wait at once, as long as the longest limit, and no time is asserted.

use crate::stillness::{disk, lived_in};
use crate::victim::Victim;
use crate::wire::{Line, Message, Reply, address};
use protocol::problem::Problem;
use std::time::Duration;
use tests::{Plan, World};
use tokio::task::JoinSet;

/// Between two drops; far below every limit, so that a connection is never silent for long.
const DROP: Duration = Duration::from_secs(1);

/// Sends the first bytes at once and the others drop by drop until the server answers or ends the connection.
async fn drip(address: String, first: Vec<u8>, drops: u8) -> Option<Reply> {
    let mut line = Line::open(&address).await;
    line.write(&first).await;
    loop {
        tokio::select! {
            reply = line.waits() => {
                if !reply {
                    return None;
                }
                let reply = line.reply().await;
                assert!(line.ends().await, "the connection ends with that answer");
                return reply;
            }
            () = tokio::time::sleep(DROP) => {}
        }
        if drops > 0 {
            line.write(&[drops]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_who_is_slow_is_cut_off_and_holds_up_nobody() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let (public, organisers) = (address(&world.url()), address(&world.organiser_url()));
    let mut silent = JoinSet::new();
    let mut answered = JoinSet::new();
    let head = |message: &Message, length: usize| {
        [message.head(), format!("content-length: {length}\r\n\r\n").into_bytes()].concat()
    };
    for address in [&public, &organisers] {
        for first in [&b""[..], b"G", b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nhost: x\r\nx: "] {
            for drops in [0, b'x'] {
                silent.spawn(drip(address.clone(), first.to_vec(), drops));
            }
        }
    }
    for good in [victim.asks(), victim.pledges()] {
        // the head never ends, nor a header that carries a good token
        let unfinished = good.head();
        silent.spawn(drip(public.clone(), unfinished[..unfinished.len() - 2].to_vec(), b'x'));
        for sent in [0, 1, good.body.len() - 1] {
            let first = [&head(&good, good.body.len())[..], &good.body[..sent]].concat();
            answered.spawn(drip(public.clone(), first, 0));
        }
        answered.spawn(drip(public.clone(), [&head(&good, good.body.len())[..], &good.body[..1]].concat(), b'x'));
        let chunked = [&good.head()[..], b"transfer-encoding: chunked\r\n\r\n1"].concat();
        answered.spawn(drip(public.clone(), chunked, 0));
    }
    let invites = Message::new("POST", "/organiser/invites").with("content-type", "application/json");
    let invites = invites.with("authorization", format!("Bearer {}", world.organiser_token()));
    answered.spawn(drip(organisers, head(&invites, 4000), b' '));
    served_meanwhile(&world).await;
    let before = disk(&world);
    let cut_off = silent.join_all().await;
    assert_eq!(cut_off.len(), 18);
    assert!(cut_off.iter().all(Option::is_none), "who never asked is not answered: {cut_off:?}");
    let answered = answered.join_all().await;
    assert_eq!(answered.len(), 11);
    for reply in answered {
        let reply = reply.expect("who asked hears why it ends");
        assert_eq!(reply.refusal(), (503, Problem::Unavailable));
        assert_eq!(reply.header("connection"), Some("close"));
    }
    assert!(before == disk(&world), "nothing of all that was taken");
    victim.does_it(&world).await;
}

/// While the slow ones wait: an idle connection after an answer, and a participant who is served at once.
async fn served_meanwhile(world: &World) {
    let mut idle = Line::open(&address(&world.url())).await;
    idle.write(&Message::new("GET", "/counts.json").bytes()).await;
    assert_eq!(idle.reply().await.unwrap().status, 200);
    for place in 0..5 {
        world.register(&world.invite().await, place).await;
    }
    assert!(idle.ends().await, "an idle connection ends without another byte");
}

#[test]
fn a_reading_client_lets_go_of_a_connection_before_the_server_does() {
    assert!(client::transport::READING_IDLE_FOR + Duration::from_secs(5) < server::config::HEADER_READ_TIMEOUT);
}
