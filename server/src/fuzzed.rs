//! Doors for the fuzz targets of `tests/fuzz` to readers that only this crate has a use for: forms, maps, backups, and the
//! small files of a data directory. Built with `--cfg fuzzing` alone, so in no program.

use crate::actions::Actions;
use crate::batches::Batches;
use crate::clock::{Clock, Reading, Timekeeper};
use crate::email_offer::EmailOffer;
use crate::page::map::Map;
use crate::plan::Plan;
use crate::published::Published;
use crate::timeline::Timeline;
use crate::{organiser, organisers, restore};
use age::secrecy::ExposeSecret;
use protocol::campaign::Campaign;
use protocol::note::TreeHead;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

/// The fields of a form; none if it is refused.
pub fn form(body: &[u8], fields: &[&str]) -> Option<BTreeMap<String, String>> {
    organiser::form::read(body, fields).ok()
}

/// Whether a map can be drawn; then every place is looked for on it.
pub fn map(bytes: &[u8]) -> bool {
    let Ok(Some(map)) = Map::decode(bytes) else { return false };
    for place in -18..=18 {
        let (lat, lon) = (f64::from(place) * 5.0, f64::from(place) * 10.0);
        let inside = |(x, y): (f64, f64)| x.is_finite() && y.is_finite();
        assert!(map.project(lat, lon).is_none_or(inside), "a place lies nowhere on the map");
    }
    true
}

/// A file of a data directory as it is written again once it was read; none if it is refused, or there is none. `head` is
/// what the log says of itself.
pub fn again(file: &str, data: &Path, campaign: &Campaign, head: TreeHead) -> Option<Vec<u8>> {
    match file {
        "actions" => {
            let lines = Actions::of(data).list().ok()??;
            let line = |action| serde_json::to_string(action).expect("numbers and texts") + "\n";
            return Some(lines.iter().map(line).collect::<String>().into_bytes());
        }
        "batches.json" => Batches::open(data).ok()?.write().expect("a folder that can be written"),
        "email.json" => {
            let offer = EmailOffer::open(data).ok()??;
            return Some(serde_json::to_vec_pretty(&offer).expect("numbers and texts"));
        }
        "plan" => Plan::read(data).ok()??.write(data).expect("a folder that can be written"),
        "published" => {
            let published = Published::read(data, campaign, head)?;
            published.write(data, campaign, head).expect("a folder that can be written");
        }
        "closing" => drop(closing(data, campaign)?),
        "organisers.json" => drop(organisers::list(data).ok()?),
        other => unreachable!("{other} is no file of a data directory"),
    }
    Some(std::fs::read(data.join(file)).expect("a file that was written"))
}

fn closing(data: &Path, campaign: &Campaign) -> Option<Timeline> {
    let schedule = campaign.genesis().schedule();
    let clock = Clock::new(move || Reading { wall: schedule.pledges_open, steady: Duration::ZERO });
    let timeline = Timeline::open(data, schedule, Timekeeper::new(clock, 100), 1, false).ok()?;
    let (_state, _due, _left) = (timeline.published_state(), timeline.due(), timeline.seconds_to_next_tick());
    Some(timeline)
}

/// The files of a backup with this archive in it, sealed as `backup` seals; none if it is refused.
pub fn archive(tar: &[u8], folder: &Path) -> Option<Vec<String>> {
    static IDENTITY: LazyLock<age::x25519::Identity> = LazyLock::new(age::x25519::Identity::generate);
    let recipient = IDENTITY.to_public();
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient));
    let mut sealed = Vec::new();
    let mut writer = encryptor.ok()?.wrap_output(&mut sealed).expect("memory can be written");
    writer.write_all(tar).and_then(|()| writer.finish().map(drop)).expect("memory can be written");
    std::fs::write(folder.join("identity"), IDENTITY.to_string().expose_secret())
        .expect("a folder that can be written");
    sealed_archive(&sealed, folder)
}

/// The same with these bytes as the backup.
pub fn sealed_archive(backup: &[u8], folder: &Path) -> Option<Vec<String>> {
    std::fs::write(folder.join("backup"), backup).expect("a folder that can be written");
    let kept = restore::open(&folder.join("backup"), &folder.join("identity")).ok()?;
    Some(kept.into_iter().map(|(name, _)| name).collect())
}
