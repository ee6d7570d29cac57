//! Every campaign in this folder is what its files make it, and what does not belong in a map or a list is refused.
//! The drawing itself is made of packages that are not here: `make country` compares those by their digests.

use std::path::PathBuf;

use protocol::campaign::Places;
use protocol::codec::to_base64;
use protocol::note::NoteSigner;
use serde_json::{Value, json};
use server::init::{init, read_source, refuse_past_dates};
use sha2::{Digest, Sha256};

use super::*;

/// The folders of campaigns, each with what it is called.
fn folders() -> Vec<(String, PathBuf)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns");
    let entries = fs::read_dir(here).unwrap().map(|entry| entry.unwrap().path());
    let folders = entries.filter(|path| path.join("campaign.toml").exists());
    let named: Vec<_> = folders.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path)).collect();
    assert!(named.len() >= 2, "Russia and Belarus");
    named
}

fn value(path: &Path) -> Value {
    read(path).unwrap()
}

/// A copy of Belarus, to be spoilt.
fn copy_of_belarus() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let belarus = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns/belarus");
    for name in ["geonames.json", "corrections.json", "map.json"] {
        fs::copy(belarus.join(name), copy.path().join(name)).unwrap();
    }
    copy
}

#[test]
fn every_list_of_places_is_made_of_the_files_beside_it_and_fits_its_map() {
    for (name, folder) in folders() {
        let made = list(&folder).unwrap_or_else(|sentence| panic!("{name}: {sentence}"));
        let committed = fs::read_to_string(folder.join("places.json")).unwrap();
        assert!(made.file == committed, "{name}/places.json: make-campaign makes another");
        Places::decode(committed.as_bytes()).unwrap();
    }
}

#[test]
fn every_campaign_begins_once_it_has_a_key_and_dates_to_come_and_its_map_speaks_its_languages() {
    for (name, folder) in folders() {
        let copy = tempfile::tempdir().unwrap();
        for file in ["places.json", "map.json"] {
            fs::copy(folder.join(file), copy.path().join(file)).unwrap();
        }
        let file = fs::read_to_string(folder.join("campaign.toml")).unwrap();
        let key = format!("organiser_key = \"{}\"\n[title]", to_base64(&NoteSigner::new("", &[7; 32]).public_key()));
        let file = file.replacen("[title]", &key, 1);
        let path = copy.path().join("campaign.toml");
        fs::write(&path, &file).unwrap();
        let now = 1_800_000_000;
        assert!(refuse_past_dates(&read_source(&path).unwrap(), now).is_err(), "{name}: copied without a look");
        fs::write(&path, file.replace(" = 2021-", " = 2121-")).unwrap();
        let mut source = read_source(&path).unwrap();
        refuse_past_dates(&source, now).unwrap();
        let genesis = source.file.genesis_mut().clone();
        init(source, &copy.path().join("data")).unwrap();
        assert!(genesis.rehearsal && genesis.issuer_name.ends_with("example.org"), "{name}: nobody's server");
        let map = value(&folder.join("map.json"));
        let named = ["views", "disputed"].iter().flat_map(|list| map[list].as_array().unwrap());
        for part in named {
            let silent = genesis.title.keys().find(|lang| part["name"][lang.as_str()].as_str().is_none());
            assert_eq!(silent, None, "{name}: {} has no name in it", part["id"]);
        }
    }
}

#[test]
fn every_notice_gives_the_attribution_and_the_digests_of_its_files() {
    for (name, folder) in folders() {
        let notice = fs::read_to_string(folder.join("NOTICE")).unwrap();
        let one_line = notice.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(one_line.contains(value(&folder.join("map.json"))["attribution"].as_str().unwrap()), "{name}");
        for file in ["country.json", "corrections.json", "geonames.json", "places.json", "map.json"] {
            let digest = Sha256::digest(fs::read(folder.join(file)).unwrap());
            let line: String =
                digest.iter().map(|byte| format!("{byte:02x}")).chain(["  ".into(), file.into()]).collect();
            assert!(notice.contains(&line), "{name}/NOTICE does not say: {line}");
        }
    }
}

#[test]
fn every_region_of_belarus_has_five_places() {
    let places = value(&Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns/belarus/places.json"));
    let places = places["places"].as_array().unwrap();
    for region in 0..6 {
        assert!(places.iter().filter(|place| place["region"] == region).count() >= 5, "region {region}");
    }
}

#[test]
fn a_map_that_is_more_than_a_drawing_or_of_another_country_is_refused() {
    let spoils: [(&str, Value, &str); 15] = [
        ("/land", json!("M0 0l1 1z\"/><script>"), "path of lines"),
        ("/land", json!(""), "path of lines"),
        ("/mesh", json!("url(x)"), "path of lines"),
        ("/disputed", json!([{"id": "a", "name": {"be": "a", "en": "a", "ru": "a"}, "land": "A"}]), "path of lines"),
        ("/disputed", json!([{"id": "all", "name": {"be": "a", "en": "a", "ru": "a"}, "land": "M0 0l1 1z"}]), "twice"),
        ("/attribution", json!("<b>"), "markup"),
        ("/views/1/name/en", json!("A & B"), "markup"),
        ("/views/1/name", json!({"en": "West"}), "no name in be"),
        ("/views/1/id", json!("a b"), "small letters"),
        ("/views/1/box", json!([1000, 0, 1001, 1]), "two parts"),
        ("/views/1/box", json!([4_294_967_295u32, 0, 2, 1]), "two parts"),
        ("/views/1/box", json!([0, 0, 10, 10]), "in no part"),
        ("/views/0/box", json!([0, 0, 1, 1]), "the whole"),
        ("/projection/kind", json!("mercator"), "Albers"),
        ("/projection/lon0", json!(105), "falls off"),
    ];
    for (member, spoilt, said) in spoils {
        let copy = copy_of_belarus();
        let mut map = value(&copy.path().join("map.json"));
        *map.pointer_mut(member).unwrap() = spoilt;
        fs::write(copy.path().join("map.json"), map.to_string()).unwrap();
        let sentence = list(copy.path()).err().unwrap_or_else(|| panic!("{member} is taken"));
        assert!(sentence.contains(said), "{member}: {sentence}");
    }
}

#[test]
fn wrong_constants_show_at_the_anchors() {
    let copy = copy_of_belarus();
    let mut map = value(&copy.path().join("map.json"));
    map["projection"]["x0"] = json!(map["projection"]["x0"].as_f64().unwrap() + 0.2);
    fs::write(copy.path().join("map.json"), map.to_string()).unwrap();
    assert!(list(copy.path()).err().unwrap().contains("Minsk falls on 937.4"));
}

#[test]
fn a_correction_that_fits_nothing_is_refused() {
    let minsk = json!({"id": 625_144, "name": "Мінск", "from": "BY.04", "to": "BY.05", "reason": "again"});
    let spoils = [
        ("/regrouped/0/from", json!("BY.01"), "is not in BY.01"),
        ("/regrouped/0/name", json!("Гомель"), "not called"),
        ("/regrouped/0/reason", json!(""), "no reason"),
        ("/regrouped/0/to", json!("BY.08"), "no row for BY.08"),
        ("/regrouped", json!([minsk, minsk]), "is not in BY.04"),
        ("/renamed/0/from", json!("Nowhere"), "not called"),
        ("/renamed/0/id", json!(1), "no place 1"),
        ("/spelling/0/find", json!("Щ"), "nothing has"),
        ("/moved", json!([{"id": 629_634, "name": "Brest", "lat": 52.109, "lon": 23.717, "reason": "r"}]), "already"),
        ("/removed", json!([{"id": 629_634, "name": "Brest", "into": 625_144, "reason": "r"}]), "no part of"),
        ("/letters/be", json!("АБВ"), "outside letters"),
        ("/regions/table/0/code", json!("BY.99"), "no row for BY.01"),
    ];
    for (member, spoilt, said) in spoils {
        let copy = copy_of_belarus();
        let mut corrections = value(&copy.path().join("corrections.json"));
        *corrections.pointer_mut(member).unwrap() = spoilt;
        fs::write(copy.path().join("corrections.json"), corrections.to_string()).unwrap();
        let sentence = list(copy.path()).err().unwrap_or_else(|| panic!("{member} is taken"));
        assert!(sentence.contains(said), "{member}: {sentence}");
    }
}
