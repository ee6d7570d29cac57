//! U3: what a disk shows when it is seized between two ticks, and after close.

use protocol::phrase::Phrase;
use std::path::Path;
use tests::World;
use tests::folders::files;

const PEOPLE: u32 = 400;

/// Where each needle first stands in the bytes, for those that do.
fn positions(bytes: &[u8], needles: &[Vec<u8>]) -> Vec<(usize, usize)> {
    let find = |needle: &Vec<u8>| bytes.windows(needle.len()).position(|window| window == needle.as_slice());
    needles.iter().enumerate().filter_map(|(arrival, needle)| Some((arrival, find(needle)?))).collect()
}

/// Spearman's rank correlation between arrival and position: 1 for arrival order, about 0 for none.
fn rank_correlation(pairs: &[(usize, usize)]) -> f64 {
    let count = pairs.len() as f64;
    let mut by_position: Vec<usize> = (0..pairs.len()).collect();
    by_position.sort_by_key(|index| pairs[*index].1);
    let squares: f64 = by_position.iter().enumerate().map(|(rank, index)| (rank as f64 - *index as f64).powi(2)).sum();
    1.0 - 6.0 * squares / (count * (count * count - 1.0))
}

/// The worst correlation that any file of the folder shows for a good part of the needles.
fn worst_order(folder: &Path, needles: &[Vec<u8>]) -> f64 {
    let found = files(folder).into_iter().map(|(_, bytes)| positions(&bytes, needles));
    found
        .filter(|pairs| pairs.len() >= needles.len() / 4)
        .map(|pairs| rank_correlation(&pairs).abs())
        .fold(0.0, f64::max)
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_after_a_tick_no_order_of_arrival_is_on_disk() {
    let mut world = World::start().await;
    let (mut requests, mut pledges) = (Vec::new(), Vec::new());
    for (index, invite) in world.invites("many", PEOPLE).await.iter().enumerate() {
        // four of five places stay below k in every tick only if few come: so most are published, some survive
        let place = if index % 100 == 99 { 1 } else { 0 };
        let (phrase, token) = world.register(invite, place).await;
        let (request, _) = world.token_request(&phrase, place);
        // an inner part of each key: sled leaves out what two keys share at the front
        requests.push(request.digest().as_bytes()[8..24].to_vec());
        pledges.push(token.nonce().as_bytes()[8..24].to_vec());
        if index == 200 {
            world.register_many(2, 1).await;
        }
    }
    world.stop().await;
    assert!(worst_order(&world.data(), &requests) > 0.9, "this test can see arrival order");
    // pledges lie sealed in a pool without order: `u1_a_directory_seized_between_two_ticks_links_nobody` opens it
    assert!(files(&world.data()).iter().all(|(_, bytes)| positions(bytes, &pledges).is_empty()));
    world.restart().await;
    world.tick().await;
    world.stop().await;
    let limit = 0.2; // four standard deviations of chance at this number
    assert!(worst_order(&world.data(), &requests) < limit);
    assert!(worst_order(&world.data(), &pledges) < limit);
    for (path, bytes) in files(&world.data().join("redemption")) {
        assert!(positions(&bytes, &pledges[..50]).is_empty(), "a published pledge still lies in {}", path.display());
    }
    world.restart().await;
    world.audit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_after_close_only_what_is_public_is_on_disk() {
    let world = World::start().await;
    let registered = world.register_many(0, 6).await;
    let withheld = world.register_many(1, 2).await;
    let invite = world.invite().await;
    let phrase = Phrase::generate(&mut rand::rng());
    world.obtain(&invite, &phrase, 2).await.unwrap();
    let secret = |name: &str| std::fs::read(world.data().join("keys").join(name)).unwrap();
    let mut needles =
        vec![secret("issuer.pkcs8")[40..72].to_vec(), secret("invite"), world.organiser_token().as_bytes().to_vec()];
    let digest = |phrase: &Phrase, place| world.token_request(phrase, place).0.digest().as_bytes()[8..24].to_vec();
    needles.extend(registered.iter().map(|(phrase, _)| digest(phrase, 0)));
    needles.push(digest(&phrase, 2));
    for (phrase, token) in &withheld {
        let pledge = phrase.secrets(world.campaign.id(), 1).pledge();
        needles.extend([
            token.nonce().as_bytes()[8..24].to_vec(),
            pledge.place_salt[8..24].to_vec(),
            token.encode()[120..136].to_vec(),
        ]);
    }
    // until the close these are sealed, and what opens them lies beside them
    let sealed = 3 * withheld.len();
    let pool_key = |(path, bytes): (std::path::PathBuf, Vec<u8>)| path.ends_with("key").then_some(bytes);
    let pool_keys: Vec<Vec<u8>> = files(&world.data().join("redemption")).into_iter().filter_map(pool_key).collect();
    assert!(!pool_keys.is_empty());
    needles.extend(pool_keys);
    let found_of = |needles: &[Vec<u8>]| {
        files(&world.data()).iter().map(|(_, bytes)| positions(bytes, needles).len()).sum::<usize>()
    };
    assert!(
        found_of(&needles) >= needles.len() - 1 - sealed,
        "before close all but the organiser's token and what is sealed are there to be found"
    );
    world.organise("close", serde_json::json!({})).await;
    world.tick().await;
    world.tick().await;
    assert_eq!(world.counts().await.total, 6);
    // the static site is a part of it; its last file is the overview in the last language
    for attempt in 0.. {
        if world.data().join("site/ru/index.html").exists() {
            break;
        }
        assert!(attempt < 600, "the close leaves no site");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(found_of(&needles), 0);
    for gone in ["attestation", "redemption", "spent", "plan", "keys/issuer.pkcs8", "keys/invite"] {
        assert!(!world.data().join(gone).exists(), "{gone}");
    }
    server::check::check(&world.data()).unwrap();
    world.audit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_no_address_time_or_name_is_ever_on_disk() {
    let world = World::start().await;
    let marker = "MozillaMarkerOfAParticipant";
    let request =
        world.request(reqwest::Method::GET, "/?marker=MozillaMarkerOfAParticipant").header("user-agent", marker);
    tests::send(request.header("x-forwarded-for", "198.51.100.77").header("referer", marker)).await;
    let invite = world.invite().await;
    let phrase = Phrase::generate(&mut rand::rng());
    let (token_request, _) = world.token_request(&phrase, 0);
    let post = world
        .request(reqwest::Method::POST, "/token-request")
        .bearer_auth(&*invite.code())
        .header("user-agent", marker);
    let answer =
        tests::send(post.header("content-type", protocol::media::TOKEN_REQUEST).body(token_request.encode().to_vec()))
            .await;
    assert_eq!(answer.status, 200);
    let code = invite.code().replace('-', "");
    let needles = [
        marker.as_bytes().to_vec(),
        b"198.51.100.77".to_vec(),
        code.into_bytes(),
        tests::START.to_be_bytes()[2..].to_vec(),
        tests::START.to_le_bytes()[..6].to_vec(),
    ];
    for (path, bytes) in files(&world.data()) {
        assert!(positions(&bytes, &needles).is_empty(), "{}", path.display());
    }
}
