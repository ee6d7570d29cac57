//! U2: nor can anybody be given another page without it showing to anyone who checks it against the log from elsewhere.

use client::log_reader::Source;
use client::transport::Network;
use protocol::entry::Entry;
use protocol::tile::{TileName, read_bundle};
use std::path::{Path, PathBuf};
use tests::bundle::{DEBIAN, digest, files, write};
use tests::folders::copy_folder;
use tests::proxy::SpyProxy;
use tests::{Plan, World};

/// A folder with a page in which a word stands.
fn page(home: &Path, word: &str) -> PathBuf {
    let folder = home.join(word);
    write(&folder, DEBIAN, &files(word));
    folder
}

async fn with_page(page: &Path) -> World {
    World::with(Plan { page: Some(page.to_owned()), ..Plan::default() }).await
}

/// The manifests that the log names, in order.
async fn entered(world: &World) -> Vec<[u8; 32]> {
    let size = world.counts().await.log_size;
    let mut found = Vec::new();
    for name in TileName::bundles(size) {
        let bundle = world.get(&format!("/log/{}", name.path())).await.body;
        for entry in read_bundle(&bundle, name.width).unwrap() {
            if let Ok(Entry::Page { manifest_sha256 }) = Entry::decode(entry) {
                found.push(manifest_sha256);
            }
        }
    }
    found
}

/// Whether the page that is served is the one in a folder, whole.
async fn serves(world: &World, page: &Path) -> bool {
    let index = std::fs::read(page.join("index.html")).unwrap();
    let mut same = world.get("/join").await.body == index;
    for entry in std::fs::read_dir(page).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let answer = world.get(&format!("/join/{name}")).await;
        same &= answer.status == 200 && answer.body == std::fs::read(&path).unwrap();
    }
    same
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_another_page_is_another_entry_and_counts_stay() {
    let home = tempfile::tempdir().unwrap();
    let (first, second) = (page(home.path(), "first"), page(home.path(), "second"));
    let mut world = with_page(&first).await;
    assert!(serves(&world, &first).await);
    world.register_many(0, 6).await;
    world.tick().await;
    let registered = world.register_many(1, 3).await;

    // the page that is given, then the one that was given last, then another, then the first once more
    let mut expected = vec![digest(&first)];
    for (given, served) in [
        (Some(&first), &first),
        (None, &first),
        (Some(&second), &second),
        (Some(&second), &second),
        (None, &second),
        (Some(&first), &first),
    ] {
        world.page = given.cloned();
        world.restart().await;
        if expected.last() != Some(&digest(served)) {
            expected.push(digest(served));
        }
        assert!(serves(&world, served).await);
        assert_eq!(entered(&world).await, expected);
        let report = world.audit().await.unwrap();
        assert_eq!(report.page.unwrap().manifest_sha256, digest(served));
        assert_eq!((world.counts().await.total, report.pledges), (6, 6), "a page changes no number");
    }
    assert_eq!(expected.len(), 3);
    world.register_many(1, 2).await;
    world.tick().await;
    assert_eq!(world.audit().await.unwrap().pledges, 6 + 5, "{} waited through all of it", registered.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_a_page_can_change_after_the_close_and_outlives_it() {
    let home = tempfile::tempdir().unwrap();
    let (first, second) = (page(home.path(), "first"), page(home.path(), "second"));
    let mut world = with_page(&first).await;
    world.register_many(0, 6).await;
    world.organise("close", serde_json::json!({})).await;
    world.tick().await;
    world.tick().await;
    assert!(world.audit().await.unwrap().closed_at.is_some());
    assert!(serves(&world, &first).await, "the page stays when what endangers people is destroyed");
    world.page = Some(second.clone());
    world.restart().await;
    assert!(serves(&world, &second).await);
    assert_eq!(entered(&world).await, [digest(&first), digest(&second)]);
    assert_eq!(world.audit().await.unwrap().pledges, 6);
    let found = server::check::check(&world.data()).unwrap();
    assert!(found.iter().any(|line| line.starts_with("page: ")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_a_page_with_another_byte_does_not_pass_an_audit_over_http() {
    let home = tempfile::tempdir().unwrap();
    let served = page(home.path(), "served");
    let world = with_page(&served).await;
    let audited = async |lie: Option<(String, Vec<u8>)>| {
        let proxy = SpyProxy::start(lie).await;
        let network = Network::through(&proxy.url()).unwrap();
        let source = Source::Web(network.operation(&world.base()).unwrap());
        let audited = client::audit::audit(&network, &source, Some(world.campaign.id()), world.now(), |_, _| {});
        audited.await.map(|report| report.remarks).map_err(|error| error.to_string())
    };
    assert_eq!(audited(None).await, Ok(vec![]));
    for (name, mut bytes) in files("served") {
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        let said = audited(Some((format!("/join/{name}"), bytes))).await.unwrap_err();
        assert!(said.contains(&format!("{name} is not the file")), "{said}");
    }
    let index = std::fs::read(served.join("index.html")).unwrap();
    let said = audited(Some(("/join".to_owned(), [index.as_slice(), b" "].concat()))).await.unwrap_err();
    assert!(said.contains("what /join shows"), "{said}");
    let said = audited(Some(("/join".to_owned(), index))).await.unwrap_err();
    assert!(said.contains("another policy"), "the bytes alone are not the page: {said}");
    // another page, whole and with a manifest of its own, of which the log does not know
    let another = page(home.path(), "another");
    let manifest = std::fs::read(another.join("manifest.json")).unwrap();
    let said = audited(Some(("/join/manifest.json".to_owned(), manifest))).await.unwrap_err();
    assert!(said.contains("its manifest is another"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_a_page_in_a_folder_is_compared_too_and_a_stranger_in_it_is_named() {
    let home = tempfile::tempdir().unwrap();
    let served = page(home.path(), "served");
    let mut world = with_page(&served).await;
    world.stop().await;
    // a data directory has it in page/, a mirror where the addresses are
    let mirror = home.path().join("mirror");
    copy_folder(&world.data(), &mirror);
    std::fs::rename(mirror.join("page"), mirror.join("join")).unwrap();
    for (folder, at) in [(world.data(), "page"), (mirror, "join")] {
        let audited = async || {
            let report = world.audit_of(&Source::Folder(folder.clone())).await;
            report.map(|report| (report.page.map(|page| page.manifest_sha256), report.remarks.len()))
        };
        let no_counts = 1;
        assert_eq!(audited().await, Ok((Some(digest(&served)), no_counts)));
        let shelf = folder.join(at);
        std::fs::write(shelf.join("extra.js"), "evil()").unwrap();
        assert!(audited().await.unwrap_err().contains("extra.js is not in the manifest"));
        std::fs::remove_file(shelf.join("extra.js")).unwrap();
        let mut wasm = std::fs::read(shelf.join("registration.wasm")).unwrap();
        wasm[5] ^= 1;
        std::fs::write(shelf.join("registration.wasm"), wasm).unwrap();
        assert!(audited().await.unwrap_err().contains("registration.wasm is not the file"));
        std::fs::remove_file(shelf.join("registration.wasm")).unwrap();
        assert!(audited().await.unwrap_err().contains("registration.wasm is missing"));
        std::fs::remove_dir_all(shelf).unwrap();
        assert_eq!(audited().await, Ok((None, no_counts + 1)), "what is not there is remarked upon");
    }
}
