//! TokenRequests cut off, lengthened, flipped, out of range, and with codes that are not of this campaign.

use crate::stillness::{Case, disk, leaves_no_trace, lived_in};
use crate::victim::{Victim, asks, beside, finish, modulus};
use crate::wire::{Message, Wire};
use protocol::invite::{EMAIL_BATCH, InviteId, InviteKey};
use protocol::media;
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use tests::{Plan, World};

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_token_request_of_any_other_length_or_value_is_refused_before_a_store() {
    let mut world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let code = victim.invite.code();
    let good = victim.request.encode();
    let malformed = |what: String, body: Vec<u8>| Case::new(what, asks(&code, body), 422, Problem::Malformed);
    let mut cases = Vec::new();
    for length in 0..good.len() {
        cases.push(malformed(format!("{length} bytes"), good[..length].to_vec()));
    }
    for bit in 0..24 {
        cases.push(malformed(format!("type or key id, bit {bit}"), flipped(&good, bit)));
    }
    let n = modulus(&world);
    let number = |last: u8| [vec![0; 255], vec![last]].concat();
    for (what, number) in [
        ("0", number(0)),
        ("1", number(1)),
        ("n - 1", beside(&n, false).to_vec()),
        ("n", n.to_vec()),
        ("n + 1", beside(&n, true).to_vec()),
        ("2^2048 - 1", vec![0xff; 256]),
    ] {
        cases.push(malformed(format!("blinded_msg is {what}"), [&good[..3], &number].concat()));
    }
    for longer in [1, 2, 3, 41, 256, 4096] {
        let body = [good.as_slice(), &vec![0; longer]].concat();
        cases.push(Case::new(format!("{longer} bytes more"), asks(&code, body), 413, Problem::TooLarge));
    }
    for media_type in ["", "text/plain", media::PLEDGE, media::TOKEN_RESPONSE, "application/private-token-request;v=1"]
    {
        let post = Message::new("POST", "/token-request").with("authorization", format!("Bearer {}", *code));
        let message = post.with("content-type", media_type).body(good);
        cases.push(Case::new(media_type, message, 415, Problem::UnsupportedMediaType));
    }
    leaves_no_trace(&mut world, &victim, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_an_invite_code_with_any_character_changed_missing_or_added_is_unknown_before_a_store() {
    let mut world = lived_in(Plan::default()).await;
    let elsewhere = World::start().await.invite().await;
    let victim = Victim::of(&world).await;
    let good = victim.request.encode();
    let code = victim.invite.code();
    let unknown = |what: String, code: &str| Case::new(what, asks(code, good), 401, Problem::InviteUnknown);
    let mut cases = vec![unknown("of another campaign".to_owned(), &elsewhere.code())];
    for (index, was) in code.char_indices().filter(|(_, was)| *was != '-') {
        // each symbol stands for five bits, so that all others are all flips of every bit
        for symbol in ALPHABET.chars().filter(|symbol| *symbol != was).chain(['U', '!']) {
            let changed = format!("{}{symbol}{}", &code[..index], &code[index + 1..]);
            cases.push(unknown(format!("{symbol} at {index}"), &changed));
        }
        let without = format!("{}{}", &code[..index], &code[index + 1..]);
        cases.push(unknown(format!("without {index}"), &without));
    }
    for end in 0..code.len() {
        cases.push(unknown(format!("{end} characters"), &code[..end]));
    }
    for more in ["0", "00000000", "=", "é", ",", ";x=1", "/", &"0".repeat(4000)] {
        cases.push(unknown(format!("with {} more", more.len()), &format!("{}{more}", *code)));
    }
    // the code comes before the message: what is wrong behind an unknown code is not looked at
    for body in [Vec::new(), good[..258].to_vec(), vec![0xff; 259]] {
        let message = asks(&elsewhere.code(), body);
        cases.push(Case::new("unknown and malformed", message, 401, Problem::InviteUnknown));
    }
    // and behind media type and size
    let long = asks(&elsewhere.code(), vec![0; 260]);
    cases.push(Case::new("unknown and too large", long, 413, Problem::TooLarge));
    leaves_no_trace(&mut world, &victim, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_used_invite_answers_its_own_request_and_no_flipped_one() {
    let world = lived_in(Plan::default()).await;
    let invite = world.invite().await;
    let phrase = Phrase::generate(&mut rand::rng());
    let (request, pending) = world.token_request(&phrase, 2);
    let (good, code, mut wire) = (request.encode(), invite.code(), Wire::public(&world));
    let first = wire.send(&asks(&code, good)).await;
    let token = finish(pending, &first);
    let before = disk(&world);
    let n = modulus(&world);
    for bit in 24..good.len() * 8 {
        let body = flipped(&good, bit);
        let expected = if body[3..] < n[..] { (409, Problem::InviteUsed) } else { (422, Problem::Malformed) };
        assert_eq!(wire.send(&asks(&code, body)).await.refusal(), expected, "bit {bit}");
    }
    assert_eq!(wire.send(&asks(&code, good)).await.body, first.body, "the same 256 bytes again");
    assert!(before == disk(&world), "neither refusals nor a repeat leave a trace");
    let pledge = phrase.secrets(world.campaign.id(), 2).pledge();
    assert_eq!(world.redeem(&token, &pledge).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_an_invite_of_no_batch_is_unknown_though_its_code_is_genuine() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let key: [u8; 32] = std::fs::read(world.data().join("keys/invite")).unwrap().try_into().unwrap();
    let key = InviteKey::from_bytes(key);
    let before = disk(&world);
    let mut wire = Wire::public(&world);
    for batch in [0, 3, 1000, EMAIL_BATCH] {
        let invite = key.mint(world.campaign.id(), InviteId::new(batch, [7; 8]));
        let reply = wire.send(&asks(&invite.code(), victim.request.encode())).await;
        assert_eq!(reply.refusal(), (401, Problem::InviteUnknown), "batch {batch}");
    }
    assert!(before == disk(&world));
    // an id of a batch that exists is what it should be, so the codes above were genuine
    let invite = key.mint(world.campaign.id(), InviteId::new(1, [7; 8]));
    let (request, pending) = world.token_request(&Phrase::generate(&mut rand::rng()), 0);
    let reply = wire.send(&asks(&invite.code(), request.encode())).await;
    assert_eq!(reply.refusal(), (403, Problem::Exhausted), "all five of that batch are used");
    drop(pending);
    victim.does_it(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_revoked_expired_or_exhausted_batch_says_the_same_of_used_and_unused_invites() {
    let mut world = lived_in(Plan::default()).await;
    let limit = serde_json::json!({ "batch": "limited", "count": 7, "per_tick": 5 });
    let limited = tests::links(&world.organise("invites", limit).await);
    let phrase = Phrase::generate(&mut rand::rng());
    let (repeat, _) = world.token_request(&phrase, 0);
    world.obtain(&limited[0], &phrase, 0).await.unwrap();
    for invite in &limited[1..5] {
        world.obtain(invite, &Phrase::generate(&mut rand::rng()), 0).await.unwrap();
    }
    let other = world.token_request(&Phrase::generate(&mut rand::rng()), 1).0.encode();
    let hears = async |world: &World, expected: (u16, Problem)| {
        let (mut wire, before) = (Wire::public(world), disk(world));
        let [used, unused] = [&limited[0], &limited[6]].map(|invite| asks(&invite.code(), other));
        let (used, unused) = (wire.send(&used).await, wire.send(&unused).await);
        assert_eq!(used.refusal(), expected);
        assert_eq!(used, unused, "to ask tells nothing");
        assert_eq!(wire.send(&asks(&limited[0].code(), repeat.encode())).await.status, 200, "but to her who used it");
        assert!(before == disk(world));
    };
    hears(&world, (403, Problem::Exhausted)).await;

    // a batch whose time is over; its used and its unused invite, and the request of the used one
    let expires = serde_json::json!({ "batch": "short", "count": 2, "expires": world.now() + 1 });
    let short = tests::links(&world.organise("invites", expires).await);
    let early = Phrase::generate(&mut rand::rng());
    world.obtain(&short[0], &early, 0).await.unwrap();
    let file = world.data().join("attestation/batches.json");
    let list = std::fs::read_to_string(&file).unwrap();
    let revoked = world.organise("batches/revoke", serde_json::json!({ "batch": "limited" })).await;
    assert_eq!(revoked.status, 202);
    assert_eq!(world.organise("batches/revoke", serde_json::json!({ "batch": "limited" })).await, revoked);
    hears(&world, (401, Problem::InviteUnknown)).await; // though the batch is at its maximum per tick
    world.tick().await;
    hears(&world, (401, Problem::InviteUnknown)).await;
    let mut wire = Wire::public(&world);
    let [used, unused] = [&short[0], &short[1]].map(|invite| asks(&invite.code(), other));
    let (used, unused) = (wire.send(&used).await, wire.send(&unused).await);
    assert_eq!(used.refusal(), (410, Problem::Closed));
    assert_eq!(used, unused, "to ask tells nothing of an expired one either");
    let repeat = asks(&short[0].code(), world.token_request(&early, 0).0.encode());
    assert_eq!(wire.send(&repeat).await.status, 200);
    world.restart().await;
    hears(&world, (401, Problem::InviteUnknown)).await;
    assert_eq!(Wire::public(&world).send(&asks(&short[1].code(), other)).await, unused);

    world.stop().await;
    std::fs::write(&file, list).unwrap();
    world.restart().await;
    let reply = Wire::public(&world).send(&asks(&limited[6].code(), other)).await;
    assert_eq!(reply.status, 200, "the invite was not lost by asking in vain");
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[bit / 8] ^= 0x80 >> (bit % 8);
    changed
}

const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
