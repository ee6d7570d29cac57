//! Properties over random input, shrunk by proptest when one fails: never a success, never a failure of the server,
//! always an answer of the closed set. The generator is seeded, so every run sends the same shapes.

use crate::stillness::{DeadStores, disk, lived_in};
use crate::victim::{Victim, asks, pledges};
use crate::wire::{Line, Message, Reply, Wire, address};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use protocol::auth_scheme::token_header;
use protocol::codec::to_base64;
use protocol::media;
use protocol::problem::Problem;
use tests::{Plan, World};
use tokio::runtime::Handle;

/// Runs a property on the runtime of the test.
fn property<T: std::fmt::Debug>(
    cases: u32,
    strategy: impl Strategy<Value = T>,
    mut holds: impl AsyncFnMut(T) -> Result<(), String>,
) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let holds = std::cell::RefCell::new(&mut holds);
    let result = runner.run(&strategy, |input| {
        let mut holds = holds.borrow_mut();
        let outcome = tokio::task::block_in_place(|| Handle::current().block_on(holds(input)));
        outcome.map_err(proptest::test_runner::TestCaseError::fail)
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, input)) => panic!("{why}\nfor {input:?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// A refusal by one of these problems, else what it was instead.
fn refused_as(reply: &Reply, problems: &[Problem]) -> Result<(), String> {
    if (400..500).contains(&reply.status) && problems.contains(&reply.refusal().1) {
        return Ok(());
    }
    Err(format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body)))
}

/// A message with one piece of it replaced by another of any length.
fn spliced(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let splice = (any::<Index>(), any::<Index>(), vec(any::<u8>(), 0..40));
    (Just(good), splice).prop_map(|(good, (from, length, piece))| {
        let from = from.index(good.len());
        let to = from + length.index(good.len() - from + 1);
        [&good[..from], &piece, &good[to..]].concat()
    })
}

/// What may stand in a header: no control characters but the tab, and bytes that are no text.
fn header_value() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![8 => 0x20u8..0x7f, 1 => Just(b'\t'), 1 => 0x80u8..=0xff], 0..600)
}

/// Runs what `properties` demand of a world: first while no store can be reached, then with whole stores and no trace.
async fn everywhere(properties: impl AsyncFn(&World, &Victim)) {
    let mut world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let dead = DeadStores::in_world(&world, &victim).await;
    properties(&world, &victim).await;
    dead.demand_unavailable(&world, &victim).await;
    dead.revive(&mut world).await;
    let before = disk(&world);
    properties(&world, &victim).await;
    assert!(before == disk(&world), "random input left a trace");
    victim.does_it(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_no_random_token_request_is_signed_or_reaches_a_store() {
    use Problem::{InviteUnknown, Malformed, TooLarge, UnsupportedMediaType};
    everywhere(async |world, victim| {
        let code = victim.invite.code().to_string();
        let mut wire = Wire::public(world);
        // with a good code: everything but the 256 bytes that any number below n may stand in
        let body = prop_oneof![vec(any::<u8>(), 0..259), vec(any::<u8>(), 260..600)];
        property(600, body, async |body| {
            let expected = if body.len() > 259 { TooLarge } else { Malformed };
            refused_as(&wire.send(&asks(&code, body)).await, &[expected])
        });
        let start: [u8; 3] = victim.request.encode()[..3].try_into().unwrap();
        let key_id = any::<u8>().prop_map(move |key_id| [start[0], start[1], key_id]);
        let head = prop_oneof![any::<[u8; 3]>(), key_id].prop_filter("the right start", move |head| *head != start);
        let body = (head, vec(any::<u8>(), 256)).prop_map(|(head, number)| [&head[..], &number].concat());
        property(600, body, async |body| refused_as(&wire.send(&asks(&code, body)).await, &[Malformed]));
        // with any code and anything else
        property(600, (header_value(), spliced(victim.request.encode().to_vec())), async |(value, body)| {
            let post = Message::new("POST", "/token-request").with("authorization", value);
            let message = post.with("content-type", media::TOKEN_REQUEST).body(body);
            refused_as(&wire.send(&message).await, &[InviteUnknown, TooLarge])
        });
        property(300, header_value(), async |value| {
            let mut message = victim.asks();
            message.headers.retain(|(name, _)| name != "content-type");
            refused_as(&wire.send(&message.with("content-type", value)).await, &[UnsupportedMediaType])
        });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_no_random_token_or_pledge_is_counted_or_reaches_a_store() {
    use Problem::{Malformed, PledgeMismatch, TokenInvalid, TooLarge};
    everywhere(async |world, victim| {
        let (good, pledge) = (victim.token.encode().to_vec(), victim.pledge.encode().to_vec());
        let mut wire = Wire::public(world);
        property(600, spliced(good.clone()), async |token| {
            if token == good {
                return Ok(());
            }
            let message = pledges(format!("PrivateToken token=\"{}\"", to_base64(&token)), pledge.clone());
            refused_as(&wire.send(&message).await, &[Malformed, PledgeMismatch, TokenInvalid])
        });
        property(600, header_value(), async |value| {
            refused_as(&wire.send(&pledges(value, pledge.clone())).await, &[Malformed])
        });
        property(300, header_value(), async |inside| {
            let value = [&b"PrivateToken token=\""[..], &inside, b"\""].concat();
            refused_as(&wire.send(&pledges(value, pledge.clone())).await, &[Malformed])
        });
        let body = prop_oneof![spliced(pledge.clone()), vec(any::<u8>(), 0..200)];
        property(600, body, async |body| {
            if body == pledge {
                return Ok(());
            }
            let expected = match body.len() {
                0..68 => Malformed,
                68 => PledgeMismatch,
                _ => TooLarge,
            };
            refused_as(&wire.send(&pledges(token_header(&victim.token), body)).await, &[expected])
        });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_no_random_path_is_there_and_no_random_bytes_are_answered_but_by_a_refusal() {
    use Problem::{MethodNotAllowed, NotFound};
    everywhere(async |world, _| {
        for (mut wire, prefix) in [(Wire::public(world), "/log/"), (Wire::organiser(world), "/organiser/")] {
            let visible = "[!-~&&[^#?]]{0,60}";
            let path = prop_oneof![
                visible.prop_map(|rest| format!("/{rest}")),
                visible.prop_map(move |rest| format!("{prefix}{rest}")),
                visible.prop_map(|rest| format!("/log/tile/{rest}")),
                "[0-9x/.p+%-]{0,40}".prop_map(|rest| format!("/log/tile/0/{rest}")),
                "(%[0-9a-f]{2}){1,20}/?".prop_map(|rest| format!("/{rest}")),
            ];
            let method = proptest::sample::select(vec!["GET", "POST", "PUT", "DELETE", "X"]);
            property(600, (method, path), async |(method, path)| {
                let reply = wire.send(&Message::new(method, &path)).await;
                // what is no URI at all is no HTTP
                if reply.status == 400 && reply.body.is_empty() { Ok(()) } else { not_there(&reply, &path) }
            });
        }
        property(300, vec(any::<u8>(), 0..400), async |bytes| {
            let mut line = Line::open(&address(&world.url())).await;
            line.write(&bytes).await;
            line.half_close().await;
            match line.reply().await {
                None => Ok(()),
                Some(reply) if reply.body.is_empty() && matches!(reply.status, 400 | 414 | 431) => Ok(()),
                Some(reply) => refused_as(&reply, &[NotFound, MethodNotAllowed]),
            }
        });
    })
    .await;
}

fn not_there(reply: &Reply, path: &str) -> Result<(), String> {
    refused_as(reply, &[Problem::NotFound, Problem::MethodNotAllowed]).map_err(|why| format!("{path}: {why}"))
}
