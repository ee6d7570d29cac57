//! The story told once: an organiser makes a campaign, people come, numbers appear, it closes, anybody recounts.

use protocol::publication::State;
use tests::{Plan, World};

#[tokio::test(flavor = "multi_thread")]
async fn from_init_to_the_audited_close() {
    let world = World::with(Plan { collecting: 2 * tests::TICK, ..Plan::default() }).await;
    assert_eq!(world.counts().await.state, State::Collecting);

    // tokens first, pledges later: the strongest protection that there is
    let mut tokens = Vec::new();
    for (index, invite) in world.invites("square", 14).await.into_iter().enumerate() {
        let phrase = protocol::phrase::Phrase::generate(&mut rand::rng());
        let place = if index < 7 { 0 } else { u32::try_from(index).unwrap() % 5 };
        tokens.push((world.obtain(&invite, &phrase, place).await.unwrap(), phrase, place));
    }
    world.tick().await;
    world.tick().await;
    assert_eq!(world.counts().await.state, State::Open);
    for (token, phrase, place) in &tokens {
        let pledge = phrase.secrets(world.campaign.id(), *place).pledge();
        assert_eq!(world.redeem(token, &pledge).await.status, 201);
    }
    assert_eq!(world.counts().await.total, 0, "nothing shows before a tick");

    world.tick().await;
    let counts = world.counts().await;
    assert_eq!((counts.tick, counts.total), (1, 8), "place 0 has seven of the first and one of the others");
    assert_eq!(counts.places.get(&0), Some(&8));

    let note = world.announcement(1, "We meet at noon").note;
    assert_eq!(world.announce(note).await.status, 202);
    assert_eq!(world.counts().await.announcement.unwrap().text["en"], "We meet at noon");

    assert_eq!(world.organise("close", serde_json::json!({})).await.status, 202);
    assert_eq!(world.counts().await.state, State::Closing);
    world.tick().await;
    assert_eq!(world.counts().await.state, State::Closing, "the next tick, not the one under way, is the closing one");
    world.tick().await;
    let counts = world.counts().await;
    assert_eq!(
        (counts.state, counts.tick, counts.log_size),
        (State::Closed, 3, 1 + 1 + 8 + 1 + 1 + pooled(counts.total - 8))
    );

    let report = world.audit().await.unwrap();
    assert_eq!(report.pledges, counts.total);
}

/// Entries that the closing tick added for so many pledges: six were left, one place each but one with two.
fn pooled(published_at_close: u64) -> u64 {
    assert!(matches!(published_at_close, 0 | 6), "the leftovers go up together or not at all");
    if published_at_close == 0 { 0 } else { 6 + 1 }
}
