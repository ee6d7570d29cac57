//! Which disputed territories a campaign draws: of those that its map can draw only the chosen ones are kept.
//!
//! All other bytes of the map stay as they are, and what cannot be drawn makes no campaign: the genesis will hold the
//! digest of what comes out here, for ever.

use crate::page::map::Map;
use protocol::campaign_file::CampaignFile;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The list, as it stands in the map.
#[derive(Deserialize)]
struct Disputed<'a> {
    #[serde(borrow)]
    disputed: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Territory {
    id: String,
}

/// The map with the territories that the campaign file chose, or what is wrong with either.
pub(super) fn choose(map: &[u8], file: &CampaignFile) -> Result<Vec<u8>, Vec<String>> {
    let refused = |why: String| vec![format!("line {}: map: {why}", file.line("map"))];
    Map::decode(map).map_err(refused)?;
    let unreadable = |error: serde_json::Error| refused(format!("the map cannot be read: {error}"));
    let text = str::from_utf8(map).map_err(|_| refused("the map is not a text in UTF-8".to_owned()))?;
    let list = serde_json::from_str::<Disputed<'_>>(text).map_err(unreadable)?.disputed;
    let drawable: Vec<&RawValue> = match list {
        Some(list) => serde_json::from_str(list.get()).map_err(unreadable)?,
        None => Vec::new(),
    };
    let id = |territory: &&RawValue| serde_json::from_str::<Territory>(territory.get()).map(|found| found.id);
    let ids = drawable.iter().map(id).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    refuse_unknown(file, &ids)?;
    let Some(list) = list.filter(|_| !drawable.is_empty()) else { return Ok(map.to_vec()) };
    let chosen = |id: &String| file.map_view.iter().any(|choice| choice.id == *id);
    let kept: Vec<&str> =
        drawable.iter().zip(&ids).filter(|(_, id)| chosen(id)).map(|(territory, _)| territory.get()).collect();
    // a list of objects with a text in quotes stands nowhere else in a map
    Ok(text.replacen(list.get(), &format!("[{}]", kept.join(",")), 1).into_bytes())
}

fn refuse_unknown(file: &CampaignFile, ids: &[String]) -> Result<(), Vec<String>> {
    let has = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
    let unknown: Vec<String> = file
        .map_view
        .iter()
        .filter(|choice| !ids.contains(&choice.id))
        .map(|choice| {
            let (line, id) = (choice.line, choice.id.escape_debug());
            format!("line {line}: map_view: the map has no disputed territory \"{id}\"; it has: {has}")
        })
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(unknown) }
}
