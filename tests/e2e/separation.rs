//! U2: one campaign for everybody, or it shows. N1: token and pledge share no connection.

use client::participation::{Issuer, obtain, prepare, redeem};
use client::transport::Network;
use protocol::campaign::{Campaign, Genesis};
use protocol::directory::DIRECTORY_PATH;
use protocol::phrase::{Phrase, campaign_words};
use std::collections::HashSet;
use tests::World;
use tests::proxy::{Connection, SpyProxy};

#[tokio::test(flavor = "multi_thread")]
async fn u2_another_key_or_parameter_is_another_campaign() {
    let world = World::start().await;
    let other = World::start().await;
    let genesis = world.campaign.genesis();
    let mut changed: Vec<Genesis> = vec![genesis.clone(); 8];
    changed[0].token_key = other.campaign.genesis().token_key.clone();
    changed[1].k += 1;
    changed[2].receipt_key = other.campaign.genesis().receipt_key;
    changed[3].organiser_key = other.campaign.genesis().organiser_key;
    changed[4].eligible += 1;
    changed[5].title.insert("en".to_owned(), "Another".to_owned());
    changed[6].closes += u64::from(genesis.tick_seconds);
    changed[7].origin_name = "localhost:1".to_owned();
    let places = world.get("/places.json").await.body;
    let mut ids = HashSet::from([world.campaign.id()]);
    let mut words = HashSet::from([campaign_words(world.campaign.id())]);
    for genesis in changed {
        let campaign = Campaign::new(&genesis.encode(), &places).unwrap();
        assert!(ids.insert(campaign.id()) && words.insert(campaign_words(campaign.id())));
    }
    let elsewhere = String::from_utf8(places).unwrap().replace("Place 0", "Place X");
    assert!(Campaign::new(world.campaign.genesis_bytes(), elsewhere.as_bytes()).is_err(), "another list of places");
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_client_refuses_a_server_that_shows_another_key() {
    let (honest, other) = (World::start().await, World::start().await);
    let direct = Network::direct();
    assert!(honest.fetch(&direct).await.is_ok());
    let pinned = client::campaign::fetch(&direct, &other.base(), Some(honest.campaign.id())).await;
    assert!(pinned.is_err(), "another campaign than the one of the link");

    // the same server as one participant alone would see it: another genesis, places, key, log
    let paths = ["/campaign", DIRECTORY_PATH, "/log/checkpoint", "/log/tile/0/000.p/1"];
    let mut lies = paths.map(|path| (path.to_owned(), Vec::new())).to_vec();
    for (path, body) in &mut lies {
        *body = other.get(path).await.body;
        assert_ne!(*body, honest.get(path).await.body);
    }
    lies.push(("/places.json".to_owned(), b"{\"regions\":[],\"places\":[]}".to_vec()));
    for lie in lies {
        let path = lie.0.clone();
        let network = Network::through(&SpyProxy::start(Some(lie)).await.url()).unwrap();
        let found = match honest.fetch(&network).await {
            Ok(site) => Issuer::find(&network, &site).await.map(|_| ()).map_err(|error| error.to_string()),
            Err(error) => Err(error),
        };
        assert!(found.is_err(), "{path}");
    }
    let network = Network::through(&SpyProxy::start(None).await.url()).unwrap();
    let site = honest.fetch(&network).await.unwrap();
    assert!(Issuer::find(&network, &site).await.is_ok(), "without a lie it works");
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_token_and_pledge_share_no_connection() {
    let world = World::start().await;
    let spy = SpyProxy::start(None).await;
    let network = Network::through(&spy.url()).unwrap();
    let site = world.fetch(&network).await.unwrap();
    let issuer = Issuer::find(&network, &site).await.unwrap();
    let prepared = prepare(&site.campaign, &Phrase::generate(&mut rand::rng()), 0).unwrap();
    let begin = spy.seen().len();
    let token = obtain(&network, &issuer, &world.invite().await, &prepared.request, prepared.pending).await.unwrap();
    let middle = spy.seen().len();
    redeem(&network, &site, &token, &prepared.pledge).await.unwrap();

    let seen = spy.seen();
    let (issuing, redeeming) = (&seen[begin..middle], &seen[middle..]);
    // a connection that is open through both would bind token and pledge by when it opens and closes
    assert!(issuing.iter().chain(redeeming).all(|connection| connection.others_open == 0), "{seen:?}");
    assert!(!issuing.is_empty() && !redeeming.is_empty());
    let names = |seen: &[Connection]| seen.iter().map(|c| c.credentials.clone()).collect::<HashSet<_>>();
    assert!(names(issuing).is_disjoint(&names(redeeming)), "a circuit of its own for each");
    let asked = |seen: &[Connection], what: &str| seen.iter().flat_map(|c| &c.requests).any(|line| line.contains(what));
    assert!(asked(issuing, "/token-request") && !asked(issuing, "/pledges"));
    assert!(asked(redeeming, "/pledges") && !asked(redeeming, "/token-request"));
    let headers = seen.iter().flat_map(|c| c.headers.clone()).collect::<HashSet<_>>();
    let allowed = ["accept", "host", "content-type", "content-length", "authorization", "connection"];
    assert!(headers.iter().all(|name| allowed.contains(&name.as_str())), "{headers:?}");
}
