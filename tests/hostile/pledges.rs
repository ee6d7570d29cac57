//! Tokens cut off, flipped, forged, of another campaign or key, and pledges that open something else.

use crate::stillness::{Case, disk, leaves_no_trace, lived_in};
use crate::victim::{PLACE, Victim, add, asks, beside, finish, modulus, pledges};
use crate::wire::{Message, Wire};
use protocol::auth_scheme::token_header;
use protocol::challenge::ChallengeDigest;
use protocol::codec::to_base64;
use protocol::issuance::TokenRequest;
use protocol::media;
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use protocol::token::Token;
use tests::{Plan, World};

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_pledge_of_any_other_length_place_or_salt_is_refused_before_a_store() {
    let mut world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let (header, good) = (token_header(&victim.token), victim.pledge.encode().to_vec());
    let case = |what: String, body: Vec<u8>, status, problem| {
        Case::new(what, pledges(header.as_bytes(), body), status, problem)
    };
    let mut cases = Vec::new();
    for length in 0..good.len() {
        cases.push(case(format!("{length} bytes"), good[..length].to_vec(), 400, Problem::Malformed));
    }
    for longer in [1, 2, 68, 4096] {
        let body = [good.as_slice(), &vec![0; longer]].concat();
        cases.push(case(format!("{longer} bytes more"), body, 413, Problem::TooLarge));
    }
    let mut opens_nothing = |what: String, body: Vec<u8>| {
        cases.push(case(what, body, 400, Problem::PledgeMismatch));
    };
    for bit in 0..good.len() * 8 {
        let mut body = good.clone();
        body[bit / 8] ^= 0x80 >> (bit % 8);
        opens_nothing(format!("bit {bit}"), body);
    }
    let count = u32::try_from(world.campaign.places().places.len()).unwrap();
    for place in (0..count).filter(|place| *place != PLACE).chain([count, count + 1, 1 << 16, 1 << 31, u32::MAX]) {
        opens_nothing(format!("place {place}"), [&place.to_be_bytes(), &good[4..]].concat());
    }
    let other = Phrase::generate(&mut rand::rng()).secrets(world.campaign.id(), PLACE).pledge().encode();
    opens_nothing("the place salt of another phrase".to_owned(), [&good[..4], &other[4..36], &good[36..]].concat());
    opens_nothing("the region salt of another phrase".to_owned(), [&good[..36], &other[36..]].concat());
    opens_nothing("salts exchanged".to_owned(), [&good[..4], &good[36..], &good[4..36]].concat());
    opens_nothing("another phrase".to_owned(), other.to_vec());
    for media_type in ["", "application/octet-stream", media::RECEIPT, media::TOKEN_REQUEST] {
        let post = Message::new("POST", "/pledges").with("authorization", header.as_bytes());
        let message = post.with("content-type", media_type).body(good.clone());
        cases.push(Case::new(media_type, message, 415, Problem::UnsupportedMediaType));
    }
    leaves_no_trace(&mut world, &victim, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_token_with_any_bit_flipped_or_any_other_length_is_refused_before_a_store() {
    let mut world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let (good, body) = (victim.token.encode(), victim.pledge.encode());
    let case = |what: String, token: &[u8], status, problem| {
        let header = format!("PrivateToken token=\"{}\"", to_base64(token));
        Case::new(what, pledges(header, body), status, problem)
    };
    let mut cases = Vec::new();
    for length in 0..good.len() {
        cases.push(case(format!("{length} bytes"), &good[..length], 400, Problem::Malformed));
    }
    for longer in [1, 2, 3, 354] {
        cases.push(case(format!("{longer} more"), &[&good[..], &vec![0; longer]].concat(), 400, Problem::Malformed));
    }
    for bit in 0..good.len() * 8 {
        let mut token = good;
        token[bit / 8] ^= 0x80 >> (bit % 8);
        let (status, problem) = match bit / 8 {
            0..2 => (400, Problem::Malformed),
            2..34 => (400, Problem::PledgeMismatch),
            _ => (401, Problem::TokenInvalid),
        };
        cases.push(case(format!("bit {bit}"), &token, status, problem));
    }
    leaves_no_trace(&mut world, &victim, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_token_that_this_campaign_did_not_issue_is_invalid_before_a_store() {
    let mut world = lived_in(Plan::default()).await;
    let elsewhere = World::start().await;
    let victim = Victim::of(&world).await;
    let stranger = Victim::of(&elsewhere).await;
    let n = modulus(&world);
    let number = |last: u8| -> [u8; 256] { [vec![0; 255], vec![last]].concat().try_into().unwrap() };
    let with = |token: &Token, from: usize, bytes: &[u8]| {
        let mut changed = token.encode();
        changed[from..from + bytes.len()].copy_from_slice(bytes);
        Token::decode(&changed).unwrap()
    };
    let (ours, theirs) = (&victim.token, &stranger.token);
    let digest_and_key = ours.encode()[34..98].to_vec();
    let mut forged = vec![
        ("of another campaign", theirs.clone(), &stranger.pledge),
        ("of another campaign under our names", with(theirs, 34, &digest_and_key), &stranger.pledge),
        ("another challenge digest", with(ours, 34, &theirs.encode()[34..66]), &victim.pledge),
        ("another key id", with(ours, 66, &theirs.encode()[66..98]), &victim.pledge),
        ("the authenticator of another token", with(ours, 98, &theirs.encode()[98..]), &victim.pledge),
    ];
    for (what, authenticator) in
        [("0", number(0)), ("1", number(1)), ("n - 1", beside(&n, false)), ("n", n), ("n + 1", beside(&n, true))]
    {
        forged.push((what, with(ours, 98, &authenticator), &victim.pledge));
    }
    // our digest under their key, as they sign whatever is blinded, then under the name of our key as well
    let (foreign, foreign_pledge) = signed_by(&elsewhere, world.campaign.challenge_digest()).await;
    forged.push(("our challenge under their key", foreign.clone(), &foreign_pledge));
    let renamed = with(&foreign, 66, &digest_and_key[32..]);
    forged.push(("our challenge under their key, our key id", renamed, &foreign_pledge));
    // and their digest under our key: a good signature on another campaign's token
    let (foreign, foreign_pledge) = signed_by(&world, elsewhere.campaign.challenge_digest()).await;
    forged.push(("their challenge under our key", foreign.clone(), &foreign_pledge));
    forged.push(("their challenge renamed", with(&foreign, 34, &digest_and_key[..32]), &foreign_pledge));
    let cases: Vec<Case> = forged
        .into_iter()
        .map(|(what, token, pledge)| {
            let message = pledges(token_header(&token), pledge.encode());
            Case::new(what, message, 401, Problem::TokenInvalid)
        })
        .collect();
    leaves_no_trace(&mut world, &victim, &cases).await;
    // what was refused here is good where it belongs
    stranger.does_it(&elsewhere).await;
}

/// A token that a world signed for a challenge that may be another's.
async fn signed_by(world: &World, digest: ChallengeDigest) -> (Token, protocol::pledge::Pledge) {
    let phrase = Phrase::generate(&mut rand::rng());
    let secrets = phrase.secrets(world.campaign.id(), PLACE);
    let nonce = secrets.pledge().nonce(world.campaign.places().region_of(PLACE).unwrap());
    let key = world.campaign.token_key();
    let (request, pending) = TokenRequest::new(&mut secrets.blinding(), key, digest, nonce).unwrap();
    let code = world.invite().await.code();
    let reply = Wire::public(world).send(&asks(&code, request.encode())).await;
    (finish(pending, &reply), secrets.pledge())
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_an_authenticator_with_the_modulus_added_is_not_a_second_token() {
    let world = lived_in(Plan::default()).await;
    let n = modulus(&world);
    let mut tried = 0;
    // s + n fits into 2,048 bits for some signatures only: fewer, the larger n is
    let found = 'search: loop {
        for invite in world.invites("search", 10).await {
            let phrase = Phrase::generate(&mut rand::rng());
            let token = world.obtain(&invite, &phrase, PLACE).await.unwrap();
            let authenticator: [u8; 256] = token.encode()[98..].try_into().unwrap();
            if let Some(sum) = add(&authenticator, &n) {
                break 'search Some((phrase, token, sum));
            }
            tried += 1;
        }
        if tried >= 2000 {
            break None;
        }
    };
    let (phrase, token, sum) = found.expect("a signature below 2^2048 - n among two thousand");
    let twin = Token::decode(&[&token.encode()[..98], &sum].concat()).unwrap();
    let pledge = phrase.secrets(world.campaign.id(), PLACE).pledge();
    let mut wire = Wire::public(&world);
    let message = pledges(token_header(&twin), pledge.encode());
    let before = disk(&world);
    assert_eq!(wire.send(&message).await.refusal(), (401, Problem::TokenInvalid), "unspent");
    assert!(before == disk(&world));
    assert_eq!(world.redeem(&token, &pledge).await.status, 201);
    assert_eq!(wire.send(&message).await.refusal(), (401, Problem::TokenInvalid), "spent");
}
