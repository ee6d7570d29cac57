//! Pages that are not what the log names, over HTTP.

use super::*;
use crate::audit::{Report, audit};
use crate::stand_in::{World, serve_world};
use crate::transport::Network;
use protocol::counts::Sums;
use protocol::entry::Entry;

const NOW: u64 = 1_000_000;
const DEBIAN: &str = "debian rustc-web 1.96.0";

/// The files of a page by their names, all but the manifest.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![("app-1.js", b"app()".to_vec()), ("index.html", b"<p>page".to_vec()), ("style-1.css", b"p{}".to_vec())]
}

fn manifest(compiler: &str) -> Vec<u8> {
    let line = |(name, bytes): (&str, Vec<u8>)| {
        let digest = to_hex(&Sha256::digest(&bytes));
        format!("{{\"path\":\"{name}\",\"size\":{},\"sha256\":\"{digest}\"}}", bytes.len())
    };
    let lines: Vec<String> = files().into_iter().map(line).collect();
    format!("{{\"compiler\":\"{compiler}\",\"files\":[{}]}}\n", lines.join(",")).into_bytes()
}

/// A page by this compiler, as an honest server has it, which `edit` then falsifies.
async fn audited(rehearsal: bool, compiler: &str, edit: impl Fn(&mut World)) -> Result<Report, Error> {
    let (server, world) = serve_world(|host| {
        let mut world = World::at(host, |genesis| genesis.rehearsal = rehearsal);
        let manifest = manifest(compiler);
        let entry = Entry::Page { manifest_sha256: Sha256::digest(&manifest).into() };
        world.publish(vec![entry.encode()], &Sums::default());
        world.files.insert("join/manifest.json".to_owned(), manifest);
        for (name, bytes) in files() {
            world.files.insert(format!("join/{name}"), bytes);
        }
        world.files.insert("join".to_owned(), files()[1].1.clone());
        edit(&mut world);
        world
    })
    .await;
    let network = Network::direct();
    let source = Source::Web(network.operation(&server.base).unwrap());
    audit(&network, &source, Some(world.id()), NOW, |_, _| {}).await
}

#[tokio::test]
async fn the_page_that_the_log_names_is_compared_file_by_file() {
    let report = audited(true, DEBIAN, |_| {}).await.unwrap_or_else(|error| panic!("{error}"));
    let page = report.page.unwrap();
    assert_eq!((page.files, page.compiler.as_str(), page.digest().len()), (3, DEBIAN, 64));
    assert!(report.remarks.is_empty(), "{:?}", report.remarks);
}

#[tokio::test]
async fn u2_a_page_that_is_not_the_one_of_the_log_is_found_and_what_differs_is_named() {
    type Edit = fn(&mut World);
    let cases: [(&str, Edit); 12] = [
        ("app-1.js is not the file", |world| world.files.get_mut("join/app-1.js").unwrap()[0] ^= 1),
        ("style-1.css is not the file", |world| world.files.get_mut("join/style-1.css").unwrap().push(b' ')),
        ("style-1.css is not the file", |world| world.files.get_mut("join/style-1.css").unwrap().truncate(2)),
        ("style-1.css is missing", |world| drop(world.files.remove("join/style-1.css"))),
        ("index.html is not the file", |world| world.files.get_mut("join/index.html").unwrap()[0] ^= 1),
        ("what /join shows", |world| world.files.get_mut("join").unwrap()[0] ^= 1),
        ("what /join shows", |world| drop(world.files.remove("join"))),
        ("its manifest is another", |world| world.files.get_mut("join/manifest.json").unwrap()[20] ^= 1),
        ("there is none", |world| drop(world.files.remove("join/manifest.json"))),
        ("another policy", |world| world.page_headers.clear()),
        ("another policy", |world| world.page_headers = world.page_headers.replace("; trusted", " *; trusted")),
        ("leads elsewhere", |world| world.page_headers.push_str("refresh: 0; url=https://evil.example\r\n")),
    ];
    for (what, edit) in cases {
        let said = audited(true, DEBIAN, edit).await.err().unwrap_or_else(|| panic!("{what}")).to_string();
        assert!(said.contains(what) && said.contains("/join") && said.contains("do not use it"), "{what}: {said}");
    }
}

#[tokio::test]
async fn u2_a_real_campaign_has_a_page_that_anybody_can_build() {
    let rustup = "rustup rustc 1.96.0";
    assert_eq!(audited(true, rustup, |_| {}).await.ok().unwrap().page.unwrap().compiler, rustup);
    assert!(audited(false, DEBIAN, |_| {}).await.is_ok());
    assert!(audited(false, rustup, |_| {}).await.err().unwrap().to_string().contains("Debian's compiler"));
}
