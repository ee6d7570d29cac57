//! Rehearsal: simulated participants, each with its own invite, phrase and connections, against a real server.
//!
//! Only for campaigns whose genesis says that they are rehearsals, so that nobody can be counted who does not exist.

use crate::campaign::Site;
use crate::error::Error;
use crate::participation::{Issuer, fresh_phrase, obtain, prepare, redeem};
use crate::transport::Network;
use protocol::campaign::{Campaign, CampaignId};
use protocol::invite::{Invite, InviteLink};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// How to rehearse.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many take part.
    pub participants: usize,
    /// The most that begin in one second.
    pub rate_per_second: u32,
    /// The most that are under way at once.
    pub in_flight_max: usize,
    /// Decides who chooses which place; the same seed, the same choices.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    /// How many began.
    pub participants: u64,
    /// How many got a token.
    pub issued: u64,
    /// How many were counted, with a verified receipt.
    pub pledged: u64,
    /// How many failed, by reason.
    pub failures: BTreeMap<String, u64>,
}

impl Outcome {
    /// How many failed.
    pub fn errors(&self) -> u64 {
        self.failures.values().sum()
    }
}

/// What all simulated participants share.
pub struct Stage {
    /// The road.
    pub network: Network,
    /// The campaign.
    pub site: Site,
    /// Its issuer.
    pub issuer: Issuer,
}

/// Demands that the campaign is a rehearsal.
pub fn check_rehearsal(campaign: &Campaign) -> Result<(), Error> {
    if campaign.genesis().rehearsal {
        return Ok(());
    }
    Err(Error::Local(
        "This campaign is not a rehearsal but the real thing; simulated participants would be counted as people. \
         Nothing was sent."
            .to_owned(),
    ))
}

/// Reads invites, one code or link on a line; a link of another campaign is an error.
pub fn read_invites(text: &str, campaign: CampaignId) -> Result<Vec<Invite>, Error> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let wrong = |what: &str| Error::Local(format!("Line {number} of the invites {what}."));
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

/// Lets `plan.participants` take part; `stop` ends it early, once those under way are through.
pub async fn rehearse(
    stage: Arc<Stage>,
    invites: Vec<Invite>,
    plan: Plan,
    stop: impl Future<Output = ()>,
    mut progress: impl FnMut(&Outcome),
) -> Result<Outcome, Error> {
    check_rehearsal(&stage.site.campaign)?;
    if invites.len() < plan.participants {
        return Err(Error::Local(format!(
            "There are {} invites for {} participants; each needs one of its own.",
            invites.len(),
            plan.participants
        )));
    }
    let mut choice = PlaceChoice::new(&stage.site.campaign, plan.seed);
    let mut outcome = Outcome::default();
    let mut under_way = JoinSet::new();
    let mut beat = tokio::time::interval(Duration::from_secs(1) / plan.rate_per_second.max(1));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay); // never catch up: the rate is a promise to the server
    let mut stop = std::pin::pin!(stop);
    for invite in invites.into_iter().take(plan.participants) {
        tokio::select! {
            biased;
            () = &mut stop => break,
            _ = beat.tick() => {}
        }
        while let Some(ended) = under_way.try_join_next() {
            count(&mut outcome, ended);
            progress(&outcome);
        }
        if under_way.len() >= plan.in_flight_max.max(1)
            && let Some(ended) = under_way.join_next().await
        {
            count(&mut outcome, ended);
            progress(&outcome);
        }
        outcome.participants += 1;
        under_way.spawn(take_part(Arc::clone(&stage), invite, choice.next()));
    }
    while let Some(ended) = under_way.join_next().await {
        count(&mut outcome, ended);
        progress(&outcome);
    }
    Ok(outcome)
}

/// One participant: whether a token was issued, and what went wrong, if something did.
async fn take_part(stage: Arc<Stage>, invite: Invite, place: u32) -> (bool, Result<(), Error>) {
    let blinding = Arc::clone(&stage);
    let prepared = tokio::task::spawn_blocking(move || prepare(&blinding.site.campaign, &fresh_phrase()?, place));
    let prepared = match prepared.await {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(error)) => return (false, Err(error)),
        Err(_) => return (false, Err(interrupted())),
    };
    let token = obtain(&stage.network, &stage.issuer, &invite, &prepared.request, prepared.pending);
    let token = match token.await {
        Ok(token) => token,
        Err(error) => return (false, Err(error)),
    };
    let redeemed = redeem(&stage.network, &stage.site, &token, &prepared.pledge).await;
    (true, redeemed.map(|_| ()))
}

fn count(outcome: &mut Outcome, ended: Result<(bool, Result<(), Error>), tokio::task::JoinError>) {
    let (issued, result) = ended.unwrap_or_else(|_| (false, Err(interrupted())));
    outcome.issued += u64::from(issued);
    match result {
        Ok(()) => outcome.pledged += 1,
        Err(error) => *outcome.failures.entry(error.to_string()).or_insert(0) += 1,
    }
}

fn interrupted() -> Error {
    Error::Local("A simulated participant was interrupted.".to_owned())
}

/// Chooses places as people live: by population, or evenly if the list has none.
struct PlaceChoice {
    /// For each place the population of it and all before it.
    up_to: Vec<u64>,
    rng: StdRng,
}

impl PlaceChoice {
    fn new(campaign: &Campaign, seed: u64) -> Self {
        let places = &campaign.places().places;
        let nobody = places.iter().all(|place| place.population == 0);
        let mut sum = 0u64;
        let up_to = places.iter().map(|place| {
            sum = sum.saturating_add(if nobody { 1 } else { place.population });
            sum
        });
        Self { up_to: up_to.collect(), rng: StdRng::seed_from_u64(seed) }
    }

    fn next(&mut self) -> u32 {
        let people = self.up_to.last().copied().unwrap_or(1).max(1);
        let person = self.rng.random_range(0..people);
        let place = self.up_to.partition_point(|up_to| *up_to <= person);
        u32::try_from(place).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::fetch;
    use crate::stand_in::{World, problem, serve_world};

    async fn stage(base: &crate::address::BaseUrl) -> Arc<Stage> {
        let network = Network::direct();
        let site = fetch(&network, base, None).await.ok().unwrap();
        let issuer = Issuer::find(&network, &site).await.ok().unwrap();
        Arc::new(Stage { network, site, issuer })
    }

    fn plan(participants: usize) -> Plan {
        Plan { participants, rate_per_second: 1000, in_flight_max: 3, seed: 1 }
    }

    #[tokio::test]
    async fn simulated_participants_go_the_whole_way_until_they_are_stopped() {
        let (server, world) = serve_world(|host| World::at(host, |_| {})).await;
        let invites: Vec<Invite> = (0..7).map(|number| world.invite(number)).collect();
        let stage = stage(&server.base).await;
        let never = std::future::pending;
        let outcome = rehearse(Arc::clone(&stage), invites.clone(), plan(7), never(), |_| {}).await.unwrap();
        assert_eq!((outcome.participants, outcome.issued, outcome.pledged), (7, 7, 7));
        assert_eq!(outcome.errors(), 0);
        let stopped = rehearse(Arc::clone(&stage), invites.clone(), plan(7), async {}, |_| {}).await.unwrap();
        assert_eq!(stopped, Outcome::default());
        assert!(rehearse(stage, invites, plan(8), never(), |_| {}).await.is_err());
    }

    #[tokio::test]
    async fn failures_are_counted_by_their_reason() {
        let bound = crate::stand_in::Bound::new().await;
        let world = World::at(&bound.host(), |_| {});
        let invites: Vec<Invite> = (0..2).map(|number| world.invite(number)).collect();
        let server = bound.serve(move |request| {
            Some(match request.starts_with(b"POST /pledges") {
                true => problem("403 Forbidden", "not-open"),
                false => world.answer(request),
            })
        });
        let outcome = rehearse(stage(&server.base).await, invites, plan(2), std::future::pending(), |_| {});
        let outcome = outcome.await.unwrap();
        assert_eq!((outcome.issued, outcome.pledged, outcome.errors()), (2, 0, 2));
        assert_eq!(outcome.failures.len(), 1);
    }

    #[tokio::test]
    async fn the_real_thing_is_never_rehearsed() {
        let (server, world) = serve_world(|host| World::at(host, |genesis| genesis.rehearsal = false)).await;
        let invites = vec![world.invite(1)];
        let refused = rehearse(stage(&server.base).await, invites, plan(1), std::future::pending(), |_| {}).await;
        assert!(refused.is_err());
        assert!(server.requests().iter().all(|request| request.starts_with(b"GET")));
    }

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
        let choose = |seed| {
            let mut choice = PlaceChoice::new(&world.campaign, seed);
            (0..1000).map(|_| choice.next()).collect::<Vec<_>>()
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
