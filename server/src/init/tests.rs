//! `init`, when what it made cannot be told.

use super::*;

#[test]
fn a_campaign_that_nobody_was_told_of_is_unmade_and_can_be_made_again() {
    let text = "target = 5\neligible = 20\nk = 5\nplaces = \"p\"\nmap = \"m\"\npledges_open = 0\ncloses = 3600\nissuer_name = \"a\"\n\
        origin_name = \"a\"\norganiser_key = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n[title]\nen = \"T\"\n[text]\nen = \"t\"\n";
    let places = br#"{"regions":[{"name":{"en":"R"}}],"places":[{"region":0,"name":{"en":"P"},"lat":1,"lon":2,"population":3}]}"#;
    let source = || Source { file: CampaignFile::parse(text).unwrap(), places: places.to_vec(), map: b"{}".to_vec() };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let lost = init_told(source(), &data, |made| {
        assert!(data.join("genesis.json").exists(), "it is durable before it is told");
        assert!(!made.organiser_token.is_empty());
        Err(Error::Refused("nobody listens".to_owned()))
    });
    assert_eq!(lost.unwrap_err().to_string(), "nobody listens");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left of it");
    init_told(source(), &data, |_| Ok(())).unwrap();
    assert!(read_campaign(&data).is_ok());
}
