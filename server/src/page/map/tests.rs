//! Maps that can be drawn and maps that cannot, each refused in a sentence.

use super::*;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "W": 200, "H": 100,
        "projection": {"kind": "albers", "n": 0.5, "c": 1.25, "lon0": 178, "scale": 1000, "x0": 20, "y0": -2132},
        "views": [
            {"id": "all", "name": {"en": "All"}, "box": [0, 0, 200, 100]},
            {"id": "a-1", "name": {"en": "A part"}, "box": [0, 50, 100, 50]}
        ],
        "attribution": "Nobody's",
        "land": "M0 0l200-.5,0 100zM5 5H7V8h-1v-2Z", "mesh": "M0 0L9 9"
    })
}

fn decode(map: &Value) -> Result<Option<Map>, String> {
    Map::decode(map.to_string().as_bytes())
}

#[test]
fn a_campaign_may_have_no_map() {
    assert!(matches!(Map::decode(b"{}"), Ok(None)));
    assert!(decode(&good()).unwrap().is_some());
}

#[test]
fn what_cannot_be_drawn_is_refused_in_a_sentence() {
    let with = |path: &str, value: Value| {
        let mut map = good();
        *map.pointer_mut(path).unwrap() = value;
        map
    };
    let added = |name: &str, value: Value| {
        let mut map = good();
        map.as_object_mut().unwrap().insert(name.to_owned(), value);
        map
    };
    let long = format!("M{}", "0 ".repeat(PATH_BYTES_MAX));
    let part = |id: &str, land: &str| json!([{"id": id, "name": {"en": "X"}, "land": land}]);
    for (map, named) in [
        (with("/W", json!(0)), "W and H"),
        (with("/H", json!(20_001)), "W and H"),
        (with("/W", json!(-1)), "cannot be read"),
        (with("/projection/kind", json!("mercator")), "albers"),
        (with("/projection/n", json!(0)), "albers"),
        (with("/projection/scale", json!(-1)), "albers"),
        (with("/projection/c", Value::Null), "cannot be read"),
        (with("/attribution", json!("")), "attribution"),
        (with("/attribution", json!("two\nlines")), "attribution"),
        (with("/attribution", json!("x".repeat(501))), "attribution"),
        (with("/land", json!("")), "land"),
        (with("/land", json!("L0 0")), "land"),
        (with("/land", json!("M0 0\"/><script>")), "land"),
        (with("/land", json!("M0 0C1 1 2 2 3 3")), "land"),
        (with("/land", json!(long)), "land"),
        (with("/mesh", json!("M0 0e5")), "mesh"),
        (added("disputed", part("x", "M0 0'")), "disputed"),
        (added("disputed", part("X y", "M0 0z")), "disputed"),
        (with("/views", json!([])), "views"),
        (with("/views/1/id", json!("all")), "ids"),
        (with("/views/1/id", json!("A\"")), "ids"),
        (with("/views/1/name", json!({})), "a-1"),
        (with("/views/1/name", json!({"en": " "})), "a-1"),
        (with("/views/1/box", json!([150, 50, 100, 50])), "a-1"),
        (with("/views/1/box", json!([0, 0, 10, 10])), "a-1"),
        (with("/views/1/box", json!([0, 0, 200, 20])), "a-1"),
        (with("/views/1/box", json!([0, 0, 100])), "cannot be read"),
        (added("link", json!("https://elsewhere.example")), "unknown field"),
        (json!([]), "cannot be read"),
        (json!({"W": 200}), "missing field"),
    ] {
        let why = decode(&map).unwrap_err();
        assert!(why.contains(named) && why.starts_with("the map cannot be"), "{why}\n{map}");
    }
    assert!(Map::decode(b"").is_err() && Map::decode(b"{} ").is_ok_and(|map| map.is_none()));
}

#[test]
fn a_place_is_put_where_the_projection_has_it_across_the_date_line_too() {
    let map = decode(&good()).unwrap().unwrap();
    let near = |place: (f64, f64), (x, y): (f64, f64)| {
        let (found_x, found_y) = map.project(place.0, place.1).unwrap();
        assert!((found_x - x).abs() < 0.5 && (found_y - y).abs() < 0.5, "{place:?} lies at {found_x}, {found_y}");
    };
    near((1.5, 178.0), (20.0, 81.0));
    near((2.5, 180.0), (58.0, 64.0));
    near((2.5, -178.0), map.project(2.5, 182.0).unwrap());
    assert_eq!(map.project(-60.0, 178.0), None, "below it");
    assert_eq!(map.project(1.5, 168.0), None, "left of it");
    assert_eq!(map.project(1.5, -2.0), None, "behind it");
}

#[test]
fn a_disputed_territory_that_was_chosen_is_drawn_with_the_rest() {
    let mut map = good();
    map["disputed"] = json!([{"id": "x", "name": {"en": "X"}, "land": "M1 1z"}]);
    assert!(decode(&map).unwrap().unwrap().outline().ends_with("v-2ZM1 1z"));
}
