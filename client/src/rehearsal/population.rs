//! Population: who takes part in a rehearsal. Each has an invite of its own, a place chosen as people live, and a blinded
//! request that was made ahead, so that this program's own computing is not taken for the server's slowness.

use super::Stage;
use crate::error::Error;
use crate::participation::{Prepared, fresh_phrase, prepare};
use protocol::campaign::{Campaign, CampaignId};
use protocol::invite::{Invite, InviteLink};
use protocol::pledge::Nonce;
use rand::RngExt;
use rand::rngs::StdRng;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Reads invites, one code or link on a line; a link of another campaign is an error.
pub fn read_invites(text: &str, campaign: CampaignId) -> Result<Vec<Invite>, Error> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let wrong = |what: &str| {
                Error::Local(format!(
                    "Line {number} of the invites {what}; give one code or link of this campaign on each line."
                ))
            };
            if !line.contains("://") {
                return Invite::parse(line).map_err(|_| wrong("is not an invite code"));
            }
            let link = InviteLink::parse(line).map_err(|_| wrong("is not an invite link"))?;
            if link.campaign != campaign {
                return Err(wrong("is of another campaign"));
            }
            link.invite.ok_or_else(|| wrong("carries no invite"))
        })
        .collect()
}

/// A participant that is ready to come.
pub(super) struct Ready {
    pub(super) invite: Invite,
    pub(super) place: u32,
    pub(super) nonce: Nonce,
    pub(super) prepared: Prepared,
}

/// Participants that are being made ready, on all cores, so many ahead and no more.
pub(super) struct Population {
    ready: mpsc::Receiver<Result<Ready, Error>>,
    wanted: usize,
}

impl Population {
    /// Begins to make them ready. Places follow from the generator alone: the same seed, the same places.
    pub(super) fn begin(stage: &Arc<Stage>, invites: Vec<Invite>, rng: &mut StdRng) -> Self {
        let choice = PlaceChoice::new(&stage.site.campaign);
        let wanted = invites.len();
        let jobs: Vec<(Invite, u32)> = invites.into_iter().map(|invite| (invite, choice.draw(rng))).collect();
        let jobs = Arc::new(Mutex::new(jobs.into_iter()));
        let (done, ready) = mpsc::channel(AHEAD);
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            let (jobs, done, stage) = (Arc::clone(&jobs), done.clone(), Arc::clone(stage));
            tokio::task::spawn_blocking(move || {
                let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
                while let Some((invite, place)) = next() {
                    if done.blocking_send(make_ready(&stage.site.campaign, invite, place)).is_err() {
                        break; // nobody waits for them any more
                    }
                }
            });
        }
        Self { ready, wanted }
    }

    /// How many stand ready, and how many will before the first comes.
    pub(super) fn standing(&self) -> (usize, usize) {
        (self.ready.len(), self.wanted.min(AHEAD))
    }

    /// Whether the first may come: enough stand ready, or nobody makes more.
    pub(super) fn is_ready(&self) -> bool {
        self.standing().0 >= self.standing().1 || self.ready.is_closed()
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Result<Ready, Error> {
        let ended = || {
            Error::Local(
                "The blinding of the simulated participants was interrupted; start the rehearsal again.".to_owned(),
            )
        };
        self.ready.recv().await.ok_or_else(ended)?
    }
}

fn make_ready(campaign: &Campaign, invite: Invite, place: u32) -> Result<Ready, Error> {
    let prepared = prepare(campaign, &fresh_phrase()?, place)?;
    let region = campaign.places().region_of(place).unwrap_or_default();
    Ok(Ready { nonce: prepared.pledge.nonce(region), invite, place, prepared })
}

/// Chooses places as people live: by population, or evenly if the list has none.
struct PlaceChoice {
    /// For each place the population of it and all before it.
    up_to: Vec<u64>,
}

impl PlaceChoice {
    fn new(campaign: &Campaign) -> Self {
        let places = &campaign.places().places;
        let nobody = places.iter().all(|place| place.population == 0);
        let mut sum = 0u64;
        let up_to = places.iter().map(|place| {
            sum = sum.saturating_add(if nobody { 1 } else { place.population });
            sum
        });
        Self { up_to: up_to.collect() }
    }

    fn draw(&self, rng: &mut StdRng) -> u32 {
        let people = self.up_to.last().copied().unwrap_or(1).max(1);
        let person = rng.random_range(0..people);
        let place = self.up_to.partition_point(|up_to| *up_to <= person);
        u32::try_from(place).unwrap_or(u32::MAX)
    }
}

/// Some kilobytes each, so not without end.
const AHEAD: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_in::World;
    use rand::SeedableRng;

    #[test]
    fn invites_are_codes_or_links_of_this_campaign_one_a_line() {
        let world = World::new();
        let (code, link) = (world.invite(1).code(), world.link(2).to_text());
        let text = format!("{}\n\n {} \r\n", *code, *link);
        let invites = read_invites(&text, world.campaign.id()).unwrap();
        assert!(invites == [world.invite(1), world.invite(2)]);
        let elsewhere = CampaignId::from_bytes([1; 32]);
        for (text, campaign) in [
            (link.as_str(), elsewhere),
            ("not a code", world.campaign.id()),
            ("https://example.org/join#c=", world.campaign.id()),
        ] {
            let error = read_invites(text, campaign).err().unwrap().to_string();
            assert!(error.starts_with("Line 1 "), "{error}");
        }
    }

    #[test]
    fn places_are_chosen_by_population_and_the_same_for_the_same_seed() {
        let world = World::new();
        let choice = PlaceChoice::new(&world.campaign);
        let choose = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (0..1000).map(|_| choice.draw(&mut rng)).collect::<Vec<_>>()
        };
        let chosen = choose(1);
        assert_eq!(chosen, choose(1));
        assert_ne!(chosen, choose(2));
        // the places of the stand-in have 0, 1, 2, … inhabitants
        let at = |place| chosen.iter().filter(|chosen| **chosen == place).count();
        assert_eq!(at(0), 0);
        assert!(at(1) < at(4) && chosen.iter().all(|place| *place < World::PLACES));
    }
}
