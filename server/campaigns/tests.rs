//! Every campaign in this folder is what its files make it, and what does not belong in a map or a list is refused.
//! The drawing itself is made of packages that are not here: `make country` compares those by their digests.

use std::path::PathBuf;

use protocol::campaign::Places;
use protocol::codec::to_base64;
use protocol::note::NoteSigner;
use serde_json::{Value, json};
use server::init::{init, read_source, review};
use sha2::{Digest, Sha256};

use super::*;

/// The folders of campaigns, each with what it is called.
fn folders() -> Vec<(String, PathBuf)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns");
    let entries = fs::read_dir(here).unwrap().map(|entry| entry.unwrap().path());
    let folders = entries.filter(|path| path.join("campaign.toml").exists());
    let named: Vec<_> = folders.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path)).collect();
    assert!(named.len() >= 4, "two countries, a city, a company");
    named
}

/// Those that have a file of this name.
fn folders_with(name: &str) -> Vec<(String, PathBuf)> {
    folders().into_iter().filter(|(_, folder)| folder.join(name).exists()).collect()
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
    let countries = folders_with("country.json");
    assert!(countries.len() >= 2, "Russia and Belarus");
    for (name, folder) in countries {
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
        let over =
            review(&read_source(&path).unwrap(), now).err().unwrap_or_else(|| panic!("{name}: copied without a look"));
        assert_eq!(over.to_string().matches("which is over; put in your own dates").count(), 2, "{name}: {over}");
        fs::write(&path, file.replace(" = 2021-", " = 2121-")).unwrap();
        let source = read_source(&path).unwrap();
        let genesis = source.file.terms().clone();
        let warnings = review(&source, now).unwrap();
        let others: Vec<&String> = warnings.iter().filter(|warning| !warning.contains("a name for examples")).collect();
        assert_eq!(warnings.len() - others.len(), 2, "{name}: nobody's server");
        // Russia has regions of few places, and no names in Persian
        assert!(others.is_empty() || name == "russia-2021", "{name}: {others:?}");
        init(source, &copy.path().join("data")).unwrap();
        assert!(genesis.rehearsal && genesis.issuer_name.ends_with("example.org"), "{name}: nobody's server");
        let map = value(&folder.join("map.json"));
        let named = ["views", "disputed"].iter().flat_map(|list| map[list].as_array().into_iter().flatten());
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
        let map = value(&folder.join("map.json"));
        assert!(map == json!({}) || one_line.contains(map["attribution"].as_str().unwrap()), "{name}");
        let files = ["country.json", "corrections.json", "geonames.json", "schematic.json", "places.json", "map.json"];
        let there = files.into_iter().filter(|file| folder.join(file).exists());
        for file in there {
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

#[test]
fn every_schematic_map_is_made_of_the_places_beside_it() {
    let schematic = folders_with("schematic.json");
    assert!(!schematic.is_empty(), "Berlin");
    for (name, folder) in schematic {
        let (places, file) = cells::map(&folder).unwrap_or_else(|sentence| panic!("{name}: {sentence}"));
        assert_eq!(places, value(&folder.join("places.json"))["places"].as_array().unwrap().len());
        assert!(
            file == fs::read_to_string(folder.join("map.json")).unwrap(),
            "{name}/map.json: make-campaign makes another"
        );
    }
}

/// A folder with these places and what a schematic map needs besides, and the map that is made of it.
fn drawn(places: &[(f64, f64)]) -> Result<Value> {
    let folder = tempfile::tempdir().unwrap();
    let place =
        |(lat, lon): &(f64, f64)| json!({"region": 0, "name": {"en": "P"}, "lat": lat, "lon": lon, "population": 1});
    let places: Vec<Value> = places.iter().map(place).collect();
    let places = json!({"regions": [{"name": {"en": "R"}}], "places": places});
    fs::write(folder.path().join("places.json"), places.to_string()).unwrap();
    let words = json!({"about": "", "view": {"en": "All"}, "attribution": "Nobody's borders."});
    fs::write(folder.path().join("schematic.json"), words.to_string()).unwrap();
    cells::map(folder.path()).map(|(_, file)| serde_json::from_str(&file).unwrap())
}

/// The points of a path of whole numbers.
fn corners(path: &Value) -> Vec<(f64, f64)> {
    let number = |text: &str| text.parse::<f64>().unwrap();
    let points = path.as_str().unwrap().trim_end_matches('Z').split(['M', 'L']).filter(|point| !point.is_empty());
    points.map(|point| point.split_once(' ').map(|(x, y)| (number(x), number(y))).unwrap()).collect()
}

#[test]
fn every_line_of_a_schematic_map_is_halfway_between_two_places_and_no_other_is_nearer() {
    // both hemispheres, the date line, a street, one place alone
    for places in [
        vec![(52.5, 13.3), (52.6, 13.4), (52.4, 13.5), (52.5, 13.45), (52.45, 13.2)],
        vec![(-33.9, 151.2), (-33.8, 151.1), (-33.95, 151.0)],
        vec![(0.0, 179.9), (0.1, 179.95), (-0.1, 179.7)],
        vec![(60.0, 30.0), (60.0, 30.001), (60.0, 30.002)],
        vec![(60.0, 30.0)],
    ] {
        let map = drawn(&places).unwrap();
        let (width, height) = (map["W"].as_f64().unwrap(), map["H"].as_f64().unwrap());
        let at = |name: &str| map["projection"][name].as_f64().unwrap();
        let point = |(lat, lon): &(f64, f64)| {
            let rho = (at("c") - 2.0 * at("n") * lat.to_radians().sin()).sqrt() / at("n");
            let theta = at("n") * (lon - at("lon0")).to_radians();
            (at("x0") + at("scale") * rho * theta.sin(), at("y0") + at("scale") * rho * theta.cos())
        };
        let points: Vec<(f64, f64)> = places.iter().map(point).collect();
        for ((x, y), (lat, lon)) in points.iter().zip(&places) {
            assert!(
                (250.0..=width - 250.0).contains(x) && (250.0..=height - 250.0).contains(y),
                "{lat} {lon}: {x} {y}"
            );
        }
        let north = |places: &[(f64, f64)]| {
            let ends = [f64::max, f64::min].map(|pick| places.iter().map(|place| place.0).reduce(pick).unwrap());
            ends.map(|end| places.iter().position(|place| place.0 == end).unwrap())
        };
        let [top, bottom] = north(&places);
        assert!(points[top].1 <= points[bottom].1, "north is up");
        let lines = corners(&map["mesh"]);
        assert!(lines.len() / 2 >= places.len() - 1, "{places:?}");
        for line in lines.chunks(2) {
            let middle = ((line[0].0 + line[1].0) / 2.0, (line[0].1 + line[1].1) / 2.0);
            let mut far: Vec<f64> = points.iter().map(|(x, y)| (x - middle.0).hypot(y - middle.1)).collect();
            far.sort_by(f64::total_cmp);
            assert!(far[1] - far[0] < 3.0, "{middle:?} is {far:?} from the places");
        }
        let land = corners(&map["land"]);
        assert!(land.len() > 30 && land.iter().all(|(x, y)| (0.0..=width).contains(x) && (0.0..=height).contains(y)));
    }
}

#[test]
fn places_at_one_point_and_words_with_markup_make_no_schematic_map() {
    assert_eq!(drawn(&[(1.5, 2.0), (3.0, 4.0), (1.5, 2.0)]).unwrap_err(), "places 0 and 2 lie at the same point");
    let folder = tempfile::tempdir().unwrap();
    let berlin = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns/berlin");
    for (spoil, said) in [("<b>", "markup"), ("", "missing")] {
        fs::copy(berlin.join("places.json"), folder.path().join("places.json")).unwrap();
        let mut words = value(&berlin.join("schematic.json"));
        words["attribution"] = json!(spoil);
        fs::write(folder.path().join("schematic.json"), words.to_string()).unwrap();
        assert!(cells::map(folder.path()).unwrap_err().contains(said));
    }
}
