//! O1: one invite, at most one token; one token, at most one pledge, under any concurrency or retry.

use protocol::phrase::Phrase;
use protocol::problem::Problem;
use std::collections::HashSet;
use std::sync::Arc;
use tests::World;

#[tokio::test(flavor = "multi_thread")]
async fn o1_one_invite_yields_one_token() {
    let world = Arc::new(World::start().await);
    let invite = world.invite().await;
    let mut requests = Vec::new();
    for _ in 0..20 {
        let (world, invite) = (world.clone(), invite.clone());
        let (request, _) = world.token_request(&Phrase::generate(&mut rand::rng()), 0);
        requests.push(tokio::spawn(async move {
            (request.clone(), world.request_token(&invite.code(), &request.encode()).await)
        }));
    }
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.unwrap());
    }
    let (yes, no): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.status == 200);
    assert_eq!((yes.len(), no.len()), (1, 19));
    assert!(no.iter().all(|(_, answer)| answer.problem() == Some(Problem::InviteUsed)));

    // the one that won may ask again and gets the same bytes; so after a tick and after a restart, and no other ever
    let (winner, first) = &yes[0];
    let mut world = Arc::into_inner(world).unwrap();
    for _ in 0..2 {
        assert_eq!(world.request_token(&invite.code(), &winner.encode()).await.body, first.body);
        assert_eq!(world.request_token(&invite.code(), &no[0].0.encode()).await.problem(), Some(Problem::InviteUsed));
        world.tick().await;
        world.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_one_token_counts_once() {
    let world = Arc::new(World::start().await);
    let phrase = Phrase::generate(&mut rand::rng());
    let token = world.obtain(&world.invite().await, &phrase, 2).await.unwrap();
    let pledge = phrase.secrets(world.campaign.id(), 2).pledge();
    let mut tasks = Vec::new();
    for _ in 0..125 {
        let (world, token, pledge) = (world.clone(), token.clone(), pledge.clone());
        tasks.push(tokio::spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..4 {
                answers.push(world.redeem(&token, &pledge).await);
            }
            answers
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.extend(task.await.unwrap());
    }
    assert_eq!(answers.len(), 500);
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 499);
    assert_eq!(
        answers.iter().map(|answer| &answer.body).collect::<HashSet<_>>().len(),
        1,
        "all answers carry one receipt"
    );

    // with four others it is published as one of five, and goes on to be the same pledge afterwards
    let mut world = Arc::into_inner(world).unwrap();
    world.register_many(2, 4).await;
    world.tick().await;
    assert_eq!(world.counts().await.places.get(&2), Some(&5));
    for _ in 0..2 {
        let again = world.redeem(&token, &pledge).await;
        assert_eq!((again.status, &again.body), (200, &answers[0].body));
        world.tick().await;
        world.restart().await;
    }
    assert_eq!(world.counts().await.total, 5);
    assert_eq!(world.audit().await.unwrap().pledges, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_no_more_tokens_than_eligible_or_than_the_batch_allows() {
    let world = World::with(tests::Plan { eligible: 20, ..tests::Plan::default() }).await;
    let limited =
        world.organise("invites", serde_json::json!({ "batch": "limited", "count": 12, "per_tick": 5 })).await;
    let invites = tests::links(&limited);
    let too_many = world.organise("invites", serde_json::json!({ "batch": "more", "count": 9 })).await;
    assert_eq!(too_many.problem(), Some(Problem::Exhausted));
    let too_few = world.organise("invites", serde_json::json!({ "batch": "few", "count": 1, "per_tick": 4 })).await;
    assert_eq!(too_few.problem(), Some(Problem::Malformed), "a maximum per tick below k would tell who came");

    let mut first = None;
    for invite in &invites[..5] {
        let phrase = Phrase::generate(&mut rand::rng());
        world.obtain(invite, &phrase, 0).await.unwrap();
        first.get_or_insert(phrase);
    }
    // at the ceiling, used and unused invites hear the same; only an exact repeat is answered
    let (other, _) = world.token_request(&Phrase::generate(&mut rand::rng()), 1);
    for invite in [&invites[0], &invites[5]] {
        assert_eq!(world.request_token(&invite.code(), &other.encode()).await.problem(), Some(Problem::Exhausted));
    }
    let (repeat, _) = world.token_request(&first.unwrap(), 0);
    assert_eq!(world.request_token(&invites[0].code(), &repeat.encode()).await.status, 200);
    world.tick().await;
    assert_eq!(world.request_token(&invites[0].code(), &other.encode()).await.problem(), Some(Problem::InviteUsed));
    assert_eq!(world.request_token(&invites[5].code(), &other.encode()).await.status, 200);
}
