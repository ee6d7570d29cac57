//! `/counts.json`: the published numbers, all of them sums of groups in the log.

use crate::announcement::Announcement;
use crate::campaign::{Campaign, CampaignId};
use crate::codec::object::Object;
use crate::codec::unique_map;
use crate::error::Error;
use crate::publication::{Area, Level, State, Tick};
use serde::de::{Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// The document. Areas without a group are absent; `total` is the sum of all that stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Counts {
    /// The campaign, lower-case hex.
    #[serde(serialize_with = "write_id", deserialize_with = "read_id")]
    pub campaign_id: CampaignId,
    /// Where in its life the campaign is.
    #[serde(deserialize_with = "read_state")]
    pub state: State,
    /// The last tick that was run; 0 and less before `pledges_open`.
    pub tick: Tick,
    /// Number of log entries that the counts are taken from.
    pub log_size: u64,
    /// The genesis's target.
    pub target: u64,
    /// All published pledges.
    pub total: u64,
    /// Published at place level, by index.
    #[serde(deserialize_with = "unique_map::deserialize")]
    pub places: BTreeMap<u32, u64>,
    /// Published at region level, by index.
    #[serde(deserialize_with = "unique_map::deserialize")]
    pub regions: BTreeMap<u32, u64>,
    /// Published at root level.
    pub root: u64,
    /// The announcement that holds.
    #[serde(deserialize_with = "read_announcement")]
    pub announcement: Option<Announcement>,
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, s) // the derived one
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Members(#[serde(with = "Counts")] Counts);
        Object::<Members>::deserialize(d).map(|object| object.0.0)
    }
}

/// Sums of published groups by area; the bare numbers of a [`Counts`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    by_area: BTreeMap<Area, u64>,
}

impl Sums {
    /// Adds a group.
    pub fn add(&mut self, area: Area, size: u64) {
        *self.by_area.entry(area).or_insert(0) += size;
    }

    /// All areas with a group, in canonical order.
    pub fn iter(&self) -> impl Iterator<Item = (Area, u64)> + '_ {
        self.by_area.iter().map(|(area, sum)| (*area, *sum))
    }

    /// All published pledges.
    pub fn total(&self) -> u64 {
        self.by_area.values().sum()
    }

    /// The sums of one level, by index.
    pub fn level(&self, level: Level) -> BTreeMap<u32, u64> {
        self.iter().filter(|(area, _)| area.level == level).map(|(area, sum)| (area.index, sum)).collect()
    }

    /// The sum of one area.
    pub fn of(&self, area: Area) -> u64 {
        self.by_area.get(&area).copied().unwrap_or(0)
    }
}

impl Counts {
    /// The document of one moment: what the first `log_size` entries sum to, and what the clock says.
    pub fn new(
        campaign: &Campaign,
        state: State,
        tick: Tick,
        log_size: u64,
        sums: &Sums,
        announcement: Option<Announcement>,
    ) -> Self {
        Self {
            campaign_id: campaign.id(),
            state,
            tick,
            log_size,
            target: campaign.genesis().target,
            total: sums.total(),
            places: sums.level(Level::Place),
            regions: sums.level(Level::Region),
            root: sums.of(Area::ROOT),
            announcement,
        }
    }

    /// Whether the total is the sum of all areas: all that can be asked of numbers without their campaign.
    pub fn adds_up(&self) -> bool {
        let mut areas = self.places.values().chain(self.regions.values()).chain([&self.root]);
        areas.try_fold(0u64, |sum, area| sum.checked_add(*area)) == Some(self.total)
    }

    /// Demands that the numbers are these sums.
    pub fn check(&self, sums: &Sums) -> Result<(), Error> {
        let agree = self.places == sums.level(Level::Place)
            && self.regions == sums.level(Level::Region)
            && self.root == sums.of(Area::ROOT)
            && self.total == sums.total();
        if agree { Ok(()) } else { Err(Error::Audit("counts.json shows other numbers than the log".to_owned())) }
    }
}

/// A state stands as its name: a derived reader would also take an object of one member.
fn read_state<'de, D: Deserializer<'de>>(d: D) -> Result<State, D::Error> {
    State::deserialize(IntoDeserializer::<D::Error>::into_deserializer(String::deserialize(d)?))
}

fn read_announcement<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Announcement>, D::Error> {
    Ok(Option::<Object<Announcement>>::deserialize(d)?.map(|object| object.0))
}

fn write_id<S: Serializer>(id: &CampaignId, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(id)
}

fn read_id<'de, D: Deserializer<'de>>(d: D) -> Result<CampaignId, D::Error> {
    CampaignId::parse(&String::deserialize(d)?).map_err(D::Error::custom)
}
