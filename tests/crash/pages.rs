//! A changed registration page: the server dies before each call by which it copies the page and enters it in the log.
//! Whatever is served then is one page, whole, and the log names it last; no page is named twice in a row.

use crate::accounts::{check, demand_audit};
use crate::calls::{demand_strace, points};
use crate::campaign::Made;
use crate::process::Server;
use protocol::entry::Entry;
use std::path::{Path, PathBuf};
use tests::bundle::{DEBIAN, digest, files, write};
use tests::folders::{copy_folder, entries};

/// What must be seen to be touched: the copy beside the old one, the two renamings, the log, the old one's removal.
const TOUCHES: [&str; 7] =
    ["page-new", "page-new/index.html", "page-new/manifest.json", "page", "log/tile/0", "log/checkpoint", "page-old"];

#[test]
fn u2_a_kill_at_any_step_of_a_changed_page_leaves_one_page_whole_and_named_by_the_log() {
    demand_strace();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let made = runtime.block_on(Made::new(36_000, 36_000, 2));
    let [first, second] = ["first", "second"].map(|word| {
        let folder = made.beside(word);
        write(&folder, DEBIAN, &files(word));
        folder
    });
    Server::start_with_page(&made.data(), &first).kill();
    assert_eq!(entered(&made.data()), [digest(&first)]);

    let (model, trace) = (made.beside("model"), made.beside("page.trace"));
    copy_folder(&made.data(), &model);
    Server::watch_with_page(&model, &second, &trace).kill();
    let found = points(&std::fs::read_to_string(trace).unwrap(), &model).starting;
    let found: Vec<_> =
        found.into_iter().filter(|point| point.path.starts_with("page") || point.path.starts_with("log")).collect();
    for path in TOUCHES {
        assert!(found.iter().any(|point| point.path.starts_with(path)), "{path} is not touched: {found:?}");
    }
    let (mut old, mut new) = (0, 0);
    for (number, point) in found.iter().enumerate() {
        let data = made.beside(&format!("copy-{number}"));
        copy_folder(&made.data(), &data);
        Server::die_starting(&data, Some(&second), point);
        check(&data).unwrap_or_else(|said| panic!("{point}: {said}"));
        let expected = match serves(&runtime, Server::start(&data), &[&first, &second]) {
            0 => vec![digest(&first)],
            _ => vec![digest(&first), digest(&second)],
        };
        if expected.len() == 1 {
            old += 1
        } else {
            new += 1
        }
        assert_eq!(entered(&data), expected, "{point}");
        demand_audit(data.to_str().unwrap(), &made.campaign);
        assert_eq!(serves(&runtime, Server::start_with_page(&data, &second), &[&first, &second]), 1, "{point}");
        assert_eq!(entered(&data), [digest(&first), digest(&second)], "{point}");
        demand_audit(data.to_str().unwrap(), &made.campaign);
    }
    assert!(old >= 5 && new >= 3, "{old} deaths left the old page, {new} the new one");
}

/// Which of these pages a server serves, whole; then it is killed.
fn serves(runtime: &tokio::runtime::Runtime, server: Server, pages: &[&PathBuf]) -> usize {
    let get = |path: &str| {
        let request = reqwest::Client::new().get(format!("{}{path}", server.url));
        runtime.block_on(tests::send(request)).body
    };
    let manifest = get("/join/manifest.json");
    let at = |name: &str, page: &Path| std::fs::read(page.join(name)).unwrap();
    let served = pages.iter().position(|page| at("manifest.json", page) == manifest).unwrap();
    for entry in std::fs::read_dir(pages[served]).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert_eq!(get(&format!("/join/{name}")), at(&name, pages[served]), "{name}");
    }
    assert_eq!(get("/join"), at("index.html", pages[served]));
    server.kill();
    served
}

/// The manifests that the log in a folder names, in order.
fn entered(data: &Path) -> Vec<[u8; 32]> {
    let page = |entry: Vec<u8>| match Entry::decode(&entry) {
        Ok(Entry::Page { manifest_sha256 }) => Some(manifest_sha256),
        _ => None,
    };
    entries(&data.join("log")).into_iter().filter_map(page).collect()
}
