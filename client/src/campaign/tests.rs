//! A campaign is taken only if everything fits the id and the address.

use super::*;
use crate::address::BaseUrl;
use crate::log_reader::Source;
use crate::organiser::OrganiserKey;
use crate::stand_in::{World, serve_world};
use crate::transport::Network;
use protocol::announcement::Announcement;
use protocol::campaign::Text;
use protocol::counts::{Counts, Sums};
use protocol::note::TreeHead;
use protocol::publication::Area;
use std::collections::BTreeMap;

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

/// What is wrong with a server's counts after `edit`, by their reader.
async fn counted(edit: impl Fn(&World, &mut Counts)) -> Result<Option<Counts>, Error> {
    let mut world = World::new();
    let mut sums = Sums::default();
    sums.add(Area::place(1), 5);
    sums.add(Area::region(0), 7);
    let changed = World::new();
    world.set_counts(1, &sums, |counts| edit(&changed, counts));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("counts.json"), &world.files["counts.json"]).unwrap();
    counts(&Source::Folder(folder.path().to_owned()), &world.campaign).await
}

#[tokio::test]
async fn v2_an_announcement_is_shown_only_as_the_organisers_signed_it() {
    let key = OrganiserKey::parse(&protocol::codec::to_base64(&World::ORGANISER_SEED)).unwrap();
    let announced = |world: &World| {
        let text = Text::from([("en".to_owned(), "At noon".to_owned())]);
        key.announce(&world.campaign, None, Some(1_900_000_000), text).unwrap()
    };
    let shown = |edit: fn(&mut Announcement)| {
        counted(move |world, counts| {
            let mut announcement = announced(world);
            edit(&mut announcement);
            counts.announcement = Some(announcement);
        })
    };
    assert!(shown(|_| {}).await.unwrap().unwrap().announcement.is_some());
    let changes: [fn(&mut Announcement); 5] = [
        |announcement| announcement.text = Text::from([("en".to_owned(), "Stay at home".to_owned())]),
        |announcement| announcement.text.insert("ru".to_owned(), "Дома".to_owned()).map_or((), drop),
        |announcement| announcement.date = None,
        |announcement| announcement.number = 2,
        |announcement| announcement.note = announcement.note.replace("noon", "nine"),
    ];
    for change in changes {
        assert!(shown(change).await.unwrap_err().to_string().contains("did not sign"));
    }
}

#[tokio::test]
async fn counts_must_add_up_and_name_what_exists() {
    assert_eq!(counted(|_, _| {}).await.unwrap().unwrap().total, 12);
    type Change = fn(&mut Counts);
    let changes: [(Change, &str); 8] = [
        (|counts| counts.total = 13, "add up"),
        (|counts| counts.root = 1, "add up"),
        (|counts| counts.root = u64::MAX, "add up"),
        (|counts| counts.places = BTreeMap::from([(World::PLACES, 5)]), "does not have"),
        (|counts| counts.regions = BTreeMap::from([(2, 7)]), "does not have"),
        (|counts| (counts.root, counts.total) = (989, 1001), "more people"),
        (|counts| counts.target = 7, "target"),
        (|counts| counts.campaign_id = CampaignId::from_bytes([0; 32]), "another campaign"),
    ];
    for (change, why) in changes {
        let refused = counted(|_, counts| change(counts)).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}
