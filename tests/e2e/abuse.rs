//! D1: malformed and untimely input is refused with its problem, in the order of DESIGN §3, and nothing is lost or counted.

use protocol::auth_scheme::{parse_challenge_header, token_header};
use protocol::invite::Invite;
use protocol::media;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::problem::Problem;
use protocol::token::Token;
use reqwest::Method;
use tests::{Answer, Plan, TICK, TICKS, World, send};

async fn post(world: &World, path: &str, authorization: &str, media_type: &str, body: Vec<u8>) -> Answer {
    let request = world.request(Method::POST, path).header("content-type", media_type).body(body);
    send(if authorization.is_empty() { request } else { request.header("authorization", authorization) }).await
}

fn participant(world: &World, place: u32) -> (Phrase, Pledge) {
    let phrase = Phrase::generate(&mut rand::rng());
    let pledge = phrase.secrets(world.campaign.id(), place).pledge();
    (phrase, pledge)
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_malformed_input_is_refused_and_nothing_is_counted() {
    let world = World::start().await;
    let invite = world.invite().await;
    let bearer = format!("Bearer {}", *invite.code());
    let (phrase, pledge) = participant(&world, 1);
    let request = world.token_request(&phrase, 1).0.encode().to_vec();
    token_requests(&world, &bearer, &request).await;
    let token = world.obtain(&invite, &phrase, 1).await.expect("the invite is still unused");
    pledges(&world, &token, &pledge).await;
    let answer = world.redeem(&token, &pledge).await;
    assert_eq!(answer.status, 201, "nothing of all that was counted");
}

/// Each malformed TokenRequest with its refusal; none uses the invite.
async fn token_requests(world: &World, bearer: &str, request: &[u8]) {
    let with = |index: usize, value: u8| {
        let mut changed = request.to_vec();
        changed[index] = value;
        changed
    };
    let modulus = world.campaign.token_key().spki();
    let modulus = &modulus[modulus.len() - 5 - 256..modulus.len() - 5];
    let numbers = [vec![0; 256], [vec![0; 255], vec![1]].concat(), modulus.to_vec(), vec![0xff; 256]];
    let mut bodies = vec![with(1, 1), with(2, !request[2]), request[..258].to_vec(), Vec::new()];
    bodies.extend(numbers.map(|number| [&request[..3], &number].concat()));
    for body in bodies {
        let answer = post(world, "/token-request", bearer, media::TOKEN_REQUEST, body).await;
        assert_eq!((answer.status, answer.problem()), (422, Some(Problem::Malformed)));
        assert!(answer.closes);
    }
    let long = [request, &[0]].concat();
    for (authorization, media_type, body, problem) in [
        ("Bearer x", "text/plain", long.clone(), Problem::UnsupportedMediaType),
        ("Bearer x", media::TOKEN_REQUEST, long, Problem::TooLarge),
        ("", media::TOKEN_REQUEST, request.to_vec(), Problem::InviteUnknown),
        ("Bearer ", media::TOKEN_REQUEST, request.to_vec(), Problem::InviteUnknown),
        ("Basic abc", media::TOKEN_REQUEST, request.to_vec(), Problem::InviteUnknown),
        (&flip(bearer, 8), media::TOKEN_REQUEST, request.to_vec(), Problem::InviteUnknown),
        (&flip(bearer, 40), media::TOKEN_REQUEST, Vec::new(), Problem::InviteUnknown),
    ] {
        let answer = post(world, "/token-request", authorization, media_type, body).await;
        assert_eq!(answer.problem(), Some(problem), "{authorization} {media_type}");
        let bearer_wanted = (problem == Problem::InviteUnknown).then_some("Bearer");
        assert_eq!(answer.authenticate.as_deref(), bearer_wanted);
    }
}

fn flip(text: &str, index: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[index] = if bytes[index] == b'7' { b'8' } else { b'7' };
    String::from_utf8(bytes).unwrap()
}

/// Each malformed pledge with its refusal.
async fn pledges(world: &World, token: &Token, pledge: &Pledge) {
    let good = pledge.encode().to_vec();
    let token_with = |index: usize| {
        let mut bytes = token.encode();
        bytes[index] ^= 1;
        token_header(&Token::decode(&bytes).unwrap())
    };
    let pledge_with = |index: usize| {
        let mut bytes = good.clone();
        bytes[index] ^= 1;
        bytes
    };
    let header = token_header(token);
    let no_place = [&u32::MAX.to_be_bytes(), &good[4..]].concat();
    for (authorization, media_type, body, problem) in [
        (header.clone(), "application/octet-stream", good.clone(), Problem::UnsupportedMediaType),
        (header.clone(), media::PLEDGE, [&good[..], &[0]].concat(), Problem::TooLarge),
        (header.clone(), media::PLEDGE, good[..67].to_vec(), Problem::Malformed),
        ("PrivateToken token=\"AAA\"".to_owned(), media::PLEDGE, good.clone(), Problem::Malformed),
        ("PrivateToken".to_owned(), media::PLEDGE, good.clone(), Problem::Malformed),
        (header.clone(), media::PLEDGE, pledge_with(3), Problem::PledgeMismatch),
        (header.clone(), media::PLEDGE, pledge_with(4), Problem::PledgeMismatch),
        (header.clone(), media::PLEDGE, pledge_with(67), Problem::PledgeMismatch),
        (header.clone(), media::PLEDGE, no_place, Problem::PledgeMismatch),
        (token_with(2), media::PLEDGE, good.clone(), Problem::PledgeMismatch),
        (token_with(34), media::PLEDGE, good.clone(), Problem::TokenInvalid),
        (token_with(66), media::PLEDGE, good.clone(), Problem::TokenInvalid),
        (token_with(98), media::PLEDGE, good.clone(), Problem::TokenInvalid),
        (token_with(353), media::PLEDGE, good.clone(), Problem::TokenInvalid),
    ] {
        let answer = post(world, "/pledges", &authorization, media_type, body).await;
        assert_eq!(answer.problem(), Some(problem));
    }
    // without a token: the challenge, before anything else is looked at
    let answer = post(world, "/pledges", "", "text/plain", vec![0; 1000]).await;
    assert_eq!((answer.status, answer.problem()), (401, Some(Problem::TokenInvalid)));
    let (challenge, key) = parse_challenge_header(&answer.authenticate.unwrap()).unwrap();
    assert!(challenge == *world.campaign.challenge() && key == world.campaign.token_key().spki());
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_every_endpoint_answers_for_every_state() {
    let plan = Plan { collecting: TICK, issuing: Some(3 * TICK), ..Plan::default() };
    let mut world = World::with(plan).await;
    let invites = world.invites("all", 4).await;
    let (phrase, pledge) = participant(&world, 0);
    let token = world.obtain(&invites[0], &phrase, 0).await.unwrap();
    let request = async |world: &World, invite: &Invite| {
        let (request, _) = world.token_request(&Phrase::generate(&mut rand::rng()), 0);
        world.request_token(&invite.code(), &request.encode()).await.problem()
    };
    let (repeat, _) = world.token_request(&phrase, 0);

    assert_eq!(world.redeem(&token, &pledge).await.problem(), Some(Problem::NotOpen), "collecting");
    world.at(TICK).await;
    assert_eq!(world.redeem(&token, &pledge).await.status, 201, "open");
    assert_eq!(request(&world, &invites[1]).await, None);

    world.at(3 * TICK).await; // issuing has closed: used, unused and forged hear the same, an exact repeat is answered
    for invite in [&invites[0], &invites[2]] {
        assert_eq!(request(&world, invite).await, Some(Problem::Closed));
    }
    let forged = world.request_token("0000-0000-0000-0000-0000-0000-0000-0000", &repeat.encode()).await;
    assert_eq!(forged.problem(), Some(Problem::Closed));
    assert_eq!(world.request_token(&invites[0].code(), &repeat.encode()).await.status, 200);
    let more = world.organise("invites", serde_json::json!({ "batch": "late", "count": 1 })).await;
    assert_eq!(more.problem(), Some(Problem::Closed));
    assert_eq!(world.redeem(&token, &pledge).await.status, 200);

    world.at(TICK + TICKS * TICK).await;
    for _ in 0..2 {
        assert_eq!(world.redeem(&token, &pledge).await.problem(), Some(Problem::Closed), "closed");
        let answer = world.request_token(&invites[0].code(), &repeat.encode()).await;
        assert_eq!(answer.problem(), Some(Problem::Closed), "after close there is nothing to ask");
        assert_eq!(world.organise("close", serde_json::json!({})).await.problem(), Some(Problem::Closed));
        assert_eq!(world.get("/healthz").await.status, 200);
        world.audit().await.unwrap();
        world.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_what_is_not_there_is_refused_and_what_is_there_is_public() {
    let world = World::start().await;
    for path in [
        "/x",
        "/log/",
        "/log/tile/0/001",
        "/log/tile/0/000.p/2",
        "/log/tile/entries/000",
        "/log/../keys/log",
        "/log/%2e%2e/genesis.json",
        "/xx/",
        "/join/x",
        "/pledges/",
    ] {
        assert_eq!(world.get(path).await.problem(), Some(Problem::NotFound), "{path}");
    }
    for (method, path) in [
        (Method::GET, "/pledges"),
        (Method::GET, "/token-request"),
        (Method::POST, "/counts.json"),
        (Method::DELETE, "/campaign"),
    ] {
        assert_eq!(send(world.request(method, path)).await.problem(), Some(Problem::MethodNotAllowed), "{path}");
    }
    for path in [
        "/",
        "/en/",
        "/ru/",
        "/join",
        "/campaign",
        "/places.json",
        "/map.json",
        "/counts.json",
        "/log/checkpoint",
        "/log/tile/0/000.p/1",
        "/log/tile/entries/000.p/1",
        "/healthz",
    ] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
    assert_eq!(world.get("/campaign").await.body, world.campaign.genesis_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_repeated_request_is_answered_up_to_a_limit_per_tick() {
    let world = World::start().await;
    let invite = world.invite().await;
    let (request, _) = world.token_request(&Phrase::generate(&mut rand::rng()), 0);
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(world.request_token(&invite.code(), &request.encode()).await.status);
    }
    assert_eq!(statuses[..11], [200; 11]);
    assert_eq!(statuses[11], 429);
    world.tick().await;
    assert_eq!(world.request_token(&invite.code(), &request.encode()).await.status, 200);
}
