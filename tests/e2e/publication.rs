//! P1: no published number, nor any difference of two, isolates fewer than k. P2: the organiser sees what the public sees.

use protocol::counts::Counts;
use protocol::problem::Problem;
use std::collections::BTreeMap;
use tests::{K, World};

/// Every number of a document, by what it is of.
fn numbers(counts: &Counts) -> BTreeMap<String, u64> {
    let places = counts.places.iter().map(|(index, n)| (format!("place {index}"), *n));
    let regions = counts.regions.iter().map(|(index, n)| (format!("region {index}"), *n));
    places.chain(regions).chain([("root".to_owned(), counts.root), ("total".to_owned(), counts.total)]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_nothing_below_k_and_no_difference_below_k() {
    let world = World::start().await;
    let mut seen = vec![numbers(&world.counts().await)];
    for registrations in [[4, 5, 1, 0, 0], [1, 4, 1, 9, 0], [3, 3, 1, 0, 4], [0, 1, 1, 0, 4]] {
        for (place, count) in (0..).zip(registrations) {
            world.register_many(place, count).await;
            assert_eq!(numbers(&world.counts().await), seen[seen.len() - 1], "a number moved between two ticks");
        }
        world.tick().await;
        seen.push(numbers(&world.counts().await));
    }
    for now in 1..seen.len() {
        for before in 0..now {
            for (what, number) in &seen[now] {
                let difference = number - seen[before].get(what).unwrap_or(&0);
                assert!(difference == 0 || difference >= u64::from(K), "{what} moved by {difference}");
            }
        }
    }
    let last = &seen[seen.len() - 1];
    assert_eq!((last.get("place 0"), last.get("place 1"), last.get("place 2")), (Some(&5), Some(&12), None));
    assert_eq!((last.get("place 3"), last.get("place 4"), last.get("total")), (Some(&9), Some(&8), Some(&34)));
    assert_eq!(world.audit().await.unwrap().pledges, 34);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_the_organiser_sees_what_the_public_sees() {
    let world = World::start().await;
    let organiser = |path: &str| {
        world
            .request(reqwest::Method::GET, "/")
            .try_clone()
            .map(|_| format!("{}{path}", world.organiser_url()))
            .unwrap()
    };
    let counts = async || {
        let request = reqwest::Client::new().get(organiser("/organiser/counts")).bearer_auth(world.organiser_token());
        tests::send(request).await
    };
    let before = counts().await;
    world.register_many(0, 9).await;
    assert_eq!(counts().await, before, "what is pending shows nowhere");
    world.tick().await;
    let after = counts().await;
    assert_eq!(after.body, world.get("/counts.json").await.body);
    assert_ne!(after.body, before.body);

    // nothing else is there to be read, and nothing without the token
    for path in [
        "/organiser/pending",
        "/organiser/invites",
        "/organiser/metrics",
        "/metrics",
        "/counts.json",
        "/log/checkpoint",
    ] {
        let answer =
            tests::send(reqwest::Client::new().get(organiser(path)).bearer_auth(world.organiser_token())).await;
        assert!(matches!(answer.problem(), Some(Problem::NotFound | Problem::MethodNotAllowed)), "{path}: {answer:?}");
    }
    for token in ["", "wrong", &world.organiser_token()[1..]] {
        let answer = tests::send(reqwest::Client::new().get(organiser("/organiser/counts")).bearer_auth(token)).await;
        assert_eq!(answer.problem(), Some(Problem::Unauthorised));
        assert_eq!(answer.authenticate.as_deref(), Some("Bearer"));
    }
    assert_eq!(world.get("/organiser/counts").await.problem(), Some(Problem::NotFound), "not on the public listener");
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_an_answer_says_nothing_of_those_who_came_before() {
    let world = World::start().await;
    let mut answers = Vec::new();
    for place in [0, 0, 1] {
        let phrase = protocol::phrase::Phrase::generate(&mut rand::rng());
        let token = world.obtain(&world.invite().await, &phrase, place).await.unwrap();
        let mut answer = world.redeem(&token, &phrase.secrets(world.campaign.id(), place).pledge()).await;
        assert_eq!(answer.body.len(), protocol::receipt::RECEIPT_BYTES);
        answer.body.clear();
        answers.push(answer);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "all but the receipt is the same for everybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_an_organiser_cannot_count_with_a_batch_of_his_own() {
    let world = World::start().await;
    let ask = async |per_tick: Option<u32>| {
        let request = serde_json::json!({ "batch": "probe", "count": 1, "per_tick": per_tick });
        world.organise("invites", request).await
    };
    assert_eq!(ask(Some(5)).await.status, 200);
    // a ceiling that could be moved would be found by a used invite, and the number of tokens issued with it
    for other in [Some(6), Some(50), None] {
        assert_eq!(ask(other).await.problem(), Some(Problem::Malformed), "{other:?}");
    }
    assert_eq!(ask(Some(5)).await.status, 200);
    // nor does a used invite tell when the last of a batch was used
    let invites = world.invites("two", 2).await;
    let stranger = protocol::phrase::Phrase::generate(&mut rand::rng());
    let request = world.token_request(&stranger, 1).0.encode();
    for invite in &invites {
        let phrase = protocol::phrase::Phrase::generate(&mut rand::rng());
        world.obtain(invite, &phrase, 0).await.unwrap();
        let refused = world.request_token(&invites[0].code(), &request).await;
        assert_eq!(refused.problem(), Some(Problem::InviteUsed));
    }
}
