//! A campaign is taken only if everything fits the id and the address.

use super::*;
use crate::stand_in::{World, serve_world};

#[tokio::test]
async fn u2_a_campaign_is_found_at_its_own_address_and_under_its_own_id_only() {
    let (server, world) = serve_world(|host| World::at(host, |_| {})).await;
    let network = Network::direct();
    let site = fetch(&network, &server.base, Some(world.id())).await.ok().unwrap();
    assert_eq!(site.campaign.id(), world.id());
    assert_eq!(site.issuer().unwrap(), server.base);

    let other = CampaignId::from_bytes([0; 32]);
    let before = server.requests().len();
    let refused = fetch(&network, &server.base, Some(other)).await.err().unwrap();
    assert!(matches!(refused, Error::Misbehaved(_)), "{refused}");
    assert_eq!(server.requests().len(), before + 1, "nothing else was asked for");

    let (server, _) = serve_world(|_| World::at("elsewhere.example", |_| {})).await;
    let refused = fetch(&network, &server.base, None).await.err().unwrap();
    assert!(refused.to_string().contains("https://elsewhere.example"), "{refused}");
}

#[tokio::test]
async fn a_campaign_with_witnesses_is_refused() {
    let (server, _) = serve_world(|host| {
        World::at(host, |genesis| {
            genesis.witnesses = vec!["witness".to_owned()];
            genesis.quorum = 1;
        })
    })
    .await;
    let refused = fetch(&Network::direct(), &server.base, None).await.err().unwrap();
    assert!(matches!(refused, Error::Unsupported(_)));
}

#[tokio::test]
async fn who_came_by_the_onion_address_stays_there() {
    let world = World::at("example.org", |genesis| genesis.onion = Some("abc.onion".to_owned()));
    let site = |origin: &str| {
        let origin = BaseUrl::parse(origin).unwrap();
        Site {
            campaign: world.campaign.clone(),
            origin: origin.clone(),
            head: TreeHead { size: 1, root: [0; 32] },
            source: Source::Folder("/".into()),
        }
    };
    assert_eq!(site("http://abc.onion").issuer().unwrap().to_string(), "http://abc.onion");
    assert_eq!(site("https://example.org").issuer().unwrap().to_string(), "https://example.org");
}
