//! `@cloudflare/privacypass-ts` under Node: a participant, an origin and an issuer that speak to our server over HTTP.

use crate::foreign::node;
use protocol::codec::{from_base64, to_base64};
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::problem::Problem;
use protocol::receipt::verify_receipt;
use protocol::token::Token;
use serde_json::{Value, json};
use tests::{K, World};

fn bytes(value: &Value) -> Vec<u8> {
    from_base64(value.as_str().unwrap(), "an answer of the peer").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_a_foreign_client_obtains_a_token_for_its_place_and_it_counts_once() {
    let world = World::start().await;
    let place = 4;
    let request =
        json!({ "url": world.url(), "invite": world.invite().await.code().as_str(), "place": place, "region": 1 });
    let told = tokio::task::spawn_blocking(move || node("participate", &request)).await.unwrap();

    // what the library read of our directory and of our challenge is what stands in the genesis
    let key = to_base64(world.campaign.token_key().spki());
    assert_eq!(told["directory_media_type"], true);
    assert_eq!(told["directory_keys"], json!([[2, key]]));
    assert_eq!(told["token_key"], json!(key));
    assert_eq!(bytes(&told["challenge"]), world.campaign.challenge().encode().unwrap());

    // its token is one of ours, byte for byte, with the nonce that it chose
    let token = Token::decode(&bytes(&told["token"])).unwrap();
    let pledge = Pledge::decode(&bytes(&told["pledge"])).unwrap();
    assert_eq!(bytes(&told["chosen_nonce"]), token.nonce().as_bytes());
    let opened = token.clone().open(pledge, &world.campaign).ok().unwrap();
    opened.verify(world.campaign.token_key()).ok().unwrap();

    // counted once, with one receipt, however the header is written
    assert_eq!((&told["first"]["status"], &told["again"]["status"]), (&json!(201), &json!(200)));
    assert_eq!(told["again"], told["again_quoted"]);
    assert_eq!(told["first"]["receipt"], told["again"]["receipt"]);
    let receipt = bytes(&told["first"]["receipt"]);
    verify_receipt(&world.campaign.genesis().receipt_key, world.campaign.id(), &token.nonce(), &receipt).unwrap();
    world.register_many(place, K - 1).await;
    world.tick().await;
    assert_eq!(world.counts().await.places.get(&place), Some(&u64::from(K)));
    assert_eq!(world.audit().await.unwrap().pledges, u64::from(K));
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_a_foreign_counterfeiter_is_refused_and_nothing_of_it_counts() {
    let world = World::start().await;
    let invites: Vec<String> =
        world.invites("peers", 2).await.iter().map(|invite| invite.code().as_str().to_owned()).collect();
    let request = json!({ "url": world.url(), "invites": invites, "place": 0, "region": 0 });
    let told = tokio::task::spawn_blocking(move || node("counterfeit", &request)).await.unwrap();
    let expected = [
        ("flipped token_type", Problem::Malformed),
        ("flipped nonce", Problem::PledgeMismatch),
        ("flipped challenge_digest", Problem::TokenInvalid),
        ("flipped token_key_id", Problem::TokenInvalid),
        ("flipped authenticator", Problem::TokenInvalid),
        ("flipped last_byte", Problem::TokenInvalid),
        ("another place", Problem::PledgeMismatch),
        ("another place salt", Problem::PledgeMismatch),
        ("another region salt", Problem::PledgeMismatch),
        ("another challenge", Problem::TokenInvalid),
        ("another key", Problem::TokenInvalid),
        ("another key under the campaign's name", Problem::TokenInvalid),
    ];
    assert_eq!(told["answers"].as_object().unwrap().len(), expected.len());
    for (what, problem) in expected {
        let answer = &told["answers"][what];
        assert_eq!(answer["problem"], problem.urn(), "{what}: {answer}");
        assert_eq!(answer["status"], problem.status(), "{what}");
    }
    // one short of a group: had any of them counted, there would be one
    world.register_many(0, K - 1).await;
    world.tick().await;
    assert_eq!(world.counts().await.total, 0);
    // and the good token that they were made of was neither spent nor burnt
    let token = Token::decode(&bytes(&told["good"])).unwrap();
    assert_eq!(world.redeem(&token, &Pledge::decode(&bytes(&told["pledge"])).unwrap()).await.status, 201);
    world.tick().await;
    assert_eq!(world.counts().await.total, u64::from(K));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_origin_takes_the_tokens_of_our_client_and_no_other() {
    let world = World::start().await;
    let phrase = Phrase::generate(&mut rand::rng());
    let token = world.obtain(&world.invite().await, &phrase, 2).await.unwrap().encode();
    let changed = |at: usize| {
        let mut changed = token;
        changed[at] ^= 1;
        to_base64(&changed)
    };
    let tokens = [to_base64(&token), changed(2), changed(40), changed(97), changed(98), changed(353)];
    let key = to_base64(world.campaign.token_key().spki());
    let request = json!({ "token_key": key, "tokens": tokens });
    let told = tokio::task::spawn_blocking(move || node("verify", &request)).await.unwrap();
    assert_eq!(told["valid"], json!([true, false, false, false, false, false]));
    assert_eq!(told["key"], json!(key), "the library writes the key as we do");
}
