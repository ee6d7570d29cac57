//! What a participant's program asks, in which order, and what it believes: against the real server, through a proxy
//! that notes what an onlooker would see and can lie in the server's name.

use client::campaign::counts;
use client::log_reader::Source;
use client::own_entry;
use client::transport::Network;
use protocol::phrase::Phrase;
use tests::World;
use tests::proxy::SpyProxy;

#[tokio::test(flavor = "multi_thread")]
async fn u1_who_looks_for_her_entry_asks_what_every_auditor_asks() {
    let world = World::start().await;
    let (phrase, _) = world.register_many(0, 6).await.remove(0);
    world.tick().await;
    let mut asked = Vec::new();
    for looks_for_hers in [false, true] {
        let spy = SpyProxy::start(None).await;
        let network = Network::through(&spy.url()).unwrap();
        let source = Source::Web(network.reading(&world.base()).unwrap());
        let phrase = if looks_for_hers { phrase.clone() } else { Phrase::generate(&mut rand::rng()) };
        let id = Some(world.campaign.id());
        let found = own_entry::find(&network, &source, id, world.now(), &phrase, |_, _| {}).await;
        assert_eq!(found.unwrap_or_else(|error| panic!("{error}")).1.is_some(), looks_for_hers);
        asked.push(spy.seen().into_iter().map(|c| c.requests).collect::<Vec<_>>());
    }
    let spy = SpyProxy::start(None).await;
    let network = Network::through(&spy.url()).unwrap();
    let source = Source::Web(network.reading(&world.base()).unwrap());
    let id = Some(world.campaign.id());
    let audited = client::audit::audit(&network, &source, id, world.now(), |_, _| {}, |_, _, _| {}).await;
    assert!(audited.is_ok());
    asked.push(spy.seen().into_iter().map(|c| c.requests).collect());
    assert!(asked.iter().all(|requests| *requests == asked[0]), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn v2_a_forged_announcement_or_number_is_not_shown() {
    let world = World::start().await;
    world.register_many(0, 6).await;
    world.tick().await;
    world.announce(world.announcement(1, "At noon").note).await;
    let honest: serde_json::Value = serde_json::from_slice(&world.get("/counts.json").await.body).unwrap();
    let shown = async |document: &serde_json::Value| {
        let lie = ("/counts.json".to_owned(), document.to_string().into_bytes());
        let network = Network::through(&SpyProxy::start(Some(lie)).await.url()).unwrap();
        let site = world.fetch(&network).await.unwrap();
        counts(&site.source, &site.campaign).await.map(|counts| counts.map(|counts| counts.total))
    };
    assert_eq!(shown(&honest).await, Ok(Some(6)));
    let another = World::start().await;
    let changes: [(&str, serde_json::Value); 6] = [
        ("/announcement/text/en", "Come to the square".into()),
        ("/announcement/date", 1_800_000_000.into()),
        ("/announcement/number", 2.into()),
        ("/announcement/note", another.announcement(1, "At noon").note.into()),
        ("/total", 499_999.into()),
        ("/places", serde_json::json!({ "0": 3, "77": 3 })),
    ];
    for (member, value) in changes {
        let mut lie = honest.clone();
        *lie.pointer_mut(member).unwrap() = value;
        assert!(shown(&lie).await.is_err(), "{member}");
    }
}
