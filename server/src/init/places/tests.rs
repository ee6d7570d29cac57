//! Lists of places: what is refused, and whom a list would keep waiting.

use super::*;
use protocol::campaign_file::CampaignFile;
use serde_json::{Value, json};

/// Places as region, English name and population; as many regions as they name.
fn list(places: &[(u32, &str, u64)]) -> Value {
    let regions = places.iter().map(|place| place.0).max().unwrap_or(0) + 1;
    let regions: Vec<Value> = (0..regions).map(|region| json!({"name": {"en": format!("Region {region}")}})).collect();
    let place = |(region, name, people): &(u32, &str, u64)| json!({"region": region, "name": {"en": name}, "lat": 1, "lon": 2, "population": people});
    json!({"regions": regions, "places": places.iter().map(place).collect::<Vec<_>>()})
}

fn places(value: &Value) -> Places {
    Places::decode(value.to_string().as_bytes()).unwrap()
}

fn terms(eligible: u64) -> Genesis {
    let text = format!(
        "target = 5\neligible = {eligible}\nk = 10\nplaces = \"p\"\nmap = \"m\"\npledges_open = 0\ncloses = 3600\nissuer_name = \"a\"\n\
         origin_name = \"a\"\norganiser_key = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n[title]\nen = \"T\"\n[text]\nen = \"t\"\n"
    );
    CampaignFile::parse(&text).unwrap().terms().clone()
}

const FIVE: [(u32, &str, u64); 5] = [(0, "A", 100), (0, "B", 100), (0, "C", 100), (0, "D", 100), (0, "E", 100)];

#[test]
fn a_good_list_has_no_mistakes_and_nobody_has_to_wait() {
    let good = places(&list(&FIVE));
    assert_eq!((mistakes(&good), warnings(&good, &terms(250))), (vec![], vec![]));
}

#[test]
fn what_is_wrong_with_a_list_is_told_with_its_place() {
    let spoils: [(&str, Value, &str); 13] = [
        ("/places/2/lat", json!(90.1), "place 2 (C) lies nowhere"),
        ("/places/2/lat", json!(-91), "place 2 (C) lies nowhere"),
        ("/places/2/lon", json!(180.5), "place 2 (C) lies nowhere"),
        ("/places/2/name", json!({}), "place 2 has no name in any language"),
        ("/places/2/name/en", json!(" "), "place 2 ( ) must have a name of one line in en"),
        ("/places/2/name/en", json!("C "), "place 2 (C ) must have a name of one line in en"),
        ("/places/2/name/en", json!("C\nC"), "place 2 (C\\nC) must have a name of one line in en"),
        ("/places/2/name/en", json!("C".repeat(201)), "must have a name of one line in en"),
        ("/places/2/name/en", json!("a"), "place 0 and place 2 have the same name in en (a)"),
        ("/places/2/name", json!({"en": "C", "ru": ""}), "place 2 (C) must have a name of one line in ru"),
        ("/regions/0/name", json!({}), "region 0 has no name in any language"),
        ("/regions/1", json!({"name": {"en": "Nowhere"}}), "region 1 (Nowhere) has no place"),
        ("/regions/1", json!({"name": {"en": "region 0"}}), "region 0 and region 1 have the same name in en"),
    ];
    for (member, spoilt, said) in spoils {
        let mut value = list(&FIVE);
        value["regions"].as_array_mut().unwrap().extend(member.starts_with("/regions/1").then_some(Value::Null));
        *value.pointer_mut(member).unwrap() = spoilt;
        let found = mistakes(&places(&value));
        assert!(found.iter().any(|why| why.contains(said)), "{member}: {found:?}");
    }
    // the same name in another region is another place
    let mut elsewhere = FIVE.to_vec();
    elsewhere.push((1, "A", 100));
    assert_eq!(mistakes(&places(&list(&elsewhere))), Vec::<String>::new());
}

#[test]
fn places_with_fewer_eligible_people_than_five_groups_are_warned_of_by_their_share() {
    let said = |value: &Value, eligible: u64| warnings(&places(value), &terms(eligible));
    let one = &said(&list(&FIVE), 249)[0];
    assert!(
        one.starts_with("5 of 5 places are so small") && one.contains("A 49, B 49") && one.contains("a smaller k"),
        "{one}"
    );
    let mut uneven = list(&FIVE);
    uneven["places"][3]["population"] = json!(10);
    uneven["places"][4]["population"] = json!(0);
    let one = &said(&uneven, 300)[0];
    assert!(one.starts_with("2 of 5 places") && one.contains(": E 0, D 9."), "{one}");
    // where no population is known, everybody counts alike
    let unknown = list(&FIVE.map(|(region, name, _)| (region, name, 0)));
    assert_eq!(said(&unknown, 250), Vec::<String>::new());
    assert!(said(&unknown, 249)[0].contains("A 49, B 49"));
}

#[test]
fn regions_with_fewer_than_five_places_are_warned_of() {
    let mut two = FIVE.to_vec();
    two.extend([(1, "F", 100), (1, "G", 100)]);
    let said = warnings(&places(&list(&two)), &terms(700));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("1 of 2 regions have so few") && said[0].contains("Region 1 2. Join"), "{}", said[0]);
}

#[test]
fn a_thousand_small_places_are_one_line() {
    let names: Vec<String> = (0..1000).map(|index| format!("Place {index}")).collect();
    let many: Vec<(u32, &str, u64)> =
        (0..).zip(&names).map(|(index, name): (u32, _)| (index / 4, name.as_str(), 1000)).collect();
    let said = warnings(&places(&list(&many)), &terms(1000));
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains(" and 992 more.") && said[1].contains("250 of 250") && said[1].contains(" and 242 more."));
    assert!(said.iter().all(|warning| warning.lines().count() == 1 && warning.len() < 700), "{said:?}");
}

#[test]
fn more_eligible_people_than_there_are_and_missing_names_are_warned_of() {
    let said = warnings(&places(&list(&FIVE)), &terms(501));
    assert!(
        said.len() == 1 && said[0].contains("eligible is 501, but all places together have 500 people"),
        "{said:?}"
    );
    let mut terms = terms(500);
    terms.title.insert("ru".to_owned(), "Т".to_owned());
    let said = warnings(&places(&list(&FIVE)), &terms);
    assert!(said.len() == 1 && said[0].starts_with("6 places and regions have no name in ru"), "{said:?}");
}
