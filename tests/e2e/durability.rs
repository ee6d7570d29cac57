//! O2: an acknowledged pledge is never lost. Crashes inside a tick are tried step by step beside the publisher's code.

use protocol::phrase::Phrase;
use protocol::publication::State;
use tests::folders::copy_folder;
use tests::{Plan, TICK, TICKS, World};

#[tokio::test(flavor = "multi_thread")]
async fn o2_restart_in_every_state() {
    let mut world = World::with(Plan { collecting: TICK, ..Plan::default() }).await;
    let invites = world.invites("all", 12).await;
    let mut tokens = Vec::new();
    for invite in &invites {
        let phrase = Phrase::generate(&mut rand::rng());
        tokens.push((world.obtain(invite, &phrase, 0).await.unwrap(), phrase));
    }
    let redeem = async |world: &World, from: usize, to: usize| {
        let mut statuses = Vec::new();
        for (token, phrase) in &tokens[from..to] {
            statuses.push(world.redeem(token, &phrase.secrets(world.campaign.id(), 0).pledge()).await.status);
        }
        statuses
    };
    restart_and_compare(&mut world, State::Collecting).await;
    world.tick().await;
    assert_eq!(redeem(&world, 0, 4).await, [201; 4]);
    restart_and_compare(&mut world, State::Open).await;
    assert_eq!(redeem(&world, 0, 4).await, [200; 4], "pending before the restart, and still there");
    world.tick().await;
    assert_eq!(world.counts().await.total, 0, "four are fewer than k");
    restart_and_compare(&mut world, State::Open).await;
    assert_eq!(redeem(&world, 0, 6).await, [200, 200, 200, 200, 201, 201]);
    world.tick().await;
    assert_eq!(world.counts().await.total, 6);
    restart_and_compare(&mut world, State::Open).await;
    assert_eq!(redeem(&world, 0, 12).await, [[200; 6], [201; 6]].concat());
    assert_eq!(world.organise("close", serde_json::json!({})).await.status, 202);
    restart_and_compare(&mut world, State::Closing).await;
    world.tick().await;
    world.tick().await;
    restart_and_compare(&mut world, State::Closed).await;
    assert_eq!(world.counts().await.total, 12);
    assert_eq!(world.audit().await.unwrap().pledges, 12);
}

async fn restart_and_compare(world: &mut World, state: State) {
    let before = world.counts().await;
    assert_eq!(before.state, state);
    world.restart().await;
    assert_eq!(world.counts().await, before);
    let found = server::check::check(&world.data());
    assert!(found.is_ok() || state != State::Closed, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn o2_a_missed_tick_is_skipped_and_a_missed_close_is_made_up() {
    let mut world = World::start().await;
    world.register_many(0, 6).await;
    world.stop().await;
    let mut world = later(world, 4 * TICK + 1).await;
    assert_eq!((world.counts().await.tick, world.counts().await.total), (4, 6));
    world.register_many(1, 6).await;
    world.stop().await;
    let world = later(world, TICKS * TICK + 60).await;
    let counts = world.counts().await;
    assert_eq!((counts.state, counts.tick, counts.total), (State::Closed, 10, 12), "under its own number");
    world.audit().await.unwrap();
}

async fn later(mut world: World, seconds: u64) -> World {
    world.set_clock(seconds);
    world.restart().await;
    world.at(seconds).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn o2_a_server_that_wakes_up_long_after_the_close_asks_first() {
    let mut world = World::start().await;
    world.register_many(0, 6).await;
    world.stop().await;
    let late = TICKS * TICK + TICK + 601;
    let mut world = later(world, late).await;
    assert_eq!(
        (world.counts().await.state, world.counts().await.total),
        (State::Open, 0),
        "nothing is published or destroyed"
    );
    assert!(world.data().join("redemption").exists());
    server::check::clock_is_right(&world.data()).unwrap();
    world.at(late + 1).await;
    assert_eq!((world.counts().await.state, world.counts().await.total), (State::Closed, 6));
    assert!(!world.data().join("redemption").exists());
    world.restart().await;
    assert_eq!(world.counts().await.total, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn o2_a_lost_answer_loses_nothing() {
    // the same phrase, place and invite give the same token and the same pledge from any device, at any time
    let mut world = World::start().await;
    let invite = world.invite().await;
    let phrase = Phrase::generate(&mut rand::rng());
    let first = world.obtain(&invite, &phrase, 3).await.unwrap();
    world.restart().await;
    let words = phrase.words();
    let again = world.obtain(&invite, &Phrase::parse(&words).unwrap(), 3).await.unwrap();
    assert!(first == again);
    let pledge = phrase.secrets(world.campaign.id(), 3).pledge();
    let receipt = world.redeem(&first, &pledge).await;
    world.restart().await;
    let repeated = world.redeem(&again, &pledge).await;
    assert_eq!((receipt.status, repeated.status), (201, 200));
    assert_eq!(receipt.body, repeated.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn o2_a_copy_of_the_disk_at_any_moment_is_a_good_campaign() {
    // what a kill -9 leaves is what is in the files: so a copy, taken while the server runs, must hold every yes
    let world = World::start().await;
    let registered = world.register_many(0, 7).await;
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&world.data(), &copy.path().join("data"));
    let world = world.on_copy(copy).await;
    for (phrase, token) in &registered {
        let pledge = phrase.secrets(world.campaign.id(), 0).pledge();
        assert_eq!(world.redeem(token, &pledge).await.status, 200);
    }
    world.tick().await;
    assert_eq!(world.counts().await.total, 7);
    world.audit().await.unwrap();
}
