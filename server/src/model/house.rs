//! Tests: the whole server of the model test, asked through its routes, on a folder of its own. To crash it is to copy the
//! folder as it lies there, let go of everything, and open the copy.

use super::country::{Country, copy_folder, place_of};
use super::expected::Line;
use crate::clock::{Clock, Reading};
use crate::store::disk::faults::{Fault, Watch};
use crate::store::log::LogStore;
use crate::whole_log::read_log;
use crate::{Deployment, Error};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use protocol::counts::Counts;
use protocol::entry::Entry;
use protocol::media;
use protocol::note::NoteVerifier;
use protocol::pledge::Nonce;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

/// What was answered: the status, and the name of the problem if it is one.
pub(super) type Answer = String;

pub(super) struct House<'a> {
    country: &'a Country,
    ticket_of: BTreeMap<Nonce, usize>,
    runtime: &'a Runtime,
    home: &'a Path,
    folders: usize,
    pub data: PathBuf,
    clocks: Arc<Mutex<(u64, u64)>>,
    served: Option<(Deployment, Router, Router)>,
}

impl<'a> House<'a> {
    pub(super) fn new(country: &'a Country, runtime: &'a Runtime, home: &'a Path, wall: u64) -> Self {
        let ticket_of = country.tickets.iter().enumerate().map(|(number, ticket)| (ticket.nonce, number)).collect();
        let clocks = Arc::new(Mutex::new((wall, 0)));
        let data = home.join("0");
        copy_folder(&country.data, &data);
        Self { country, ticket_of, runtime, home, folders: 0, data, clocks, served: None }
    }

    pub(super) fn open(&mut self) -> Result<(), Error> {
        let clocks = self.clocks.clone();
        let clock = Clock::new(move || {
            let (wall, steady) = *clocks.lock().unwrap();
            Reading { wall, steady: Duration::from_secs(steady) }
        });
        let served = Deployment::open(&self.data, clock, None)?;
        let (public, organiser) = (served.public_routes(), served.organiser_routes());
        self.served = Some((served, public, organiser));
        Ok(())
    }

    /// kill -9; with `orderly` everything is let go of first.
    pub(super) fn stop(&mut self, orderly: bool) {
        if orderly {
            self.served = None;
        }
        self.folders += 1;
        let next = self.home.join(self.folders.to_string());
        copy_folder(&self.data, &next);
        self.served = None;
        let _threads_may_still_end = std::fs::remove_dir_all(&self.data);
        self.data = next;
    }

    pub(super) fn move_clocks(&self, both: u64, wall: i64) {
        let mut clocks = self.clocks.lock().unwrap();
        *clocks = ((clocks.0 + both).saturating_add_signed(wall), clocks.1 + both);
        drop(clocks);
        if let Some((served, ..)) = &self.served {
            served.clock_in_doubt(); // the time is looked at many times a second
        }
    }

    pub(super) fn served(&self) -> &Deployment {
        &self.served.as_ref().unwrap().0
    }

    /// Has one step of what is done to the disk fail meanwhile.
    pub(super) fn failing<T>(&mut self, step: usize, fault: Fault, work: impl FnOnce(&mut Self) -> T) -> T {
        let watch = Watch::without_a_log(&self.data);
        watch.fail(step, fault);
        let done = work(self);
        drop(watch);
        done
    }

    pub(super) fn claim(&self, invite: usize, ticket: usize) -> Result<Answer, String> {
        let request = Request::post("/token-request").header(AUTHORIZATION, &self.country.invites[invite]);
        let request = request.header(CONTENT_TYPE, media::TOKEN_REQUEST);
        let asked = request.body(Body::from(self.country.tickets[ticket].request.clone())).unwrap();
        let (answer, body) = self.runtime.block_on(ask(self.public(), asked));
        if answer == "200" && body != self.country.tickets[ticket].response {
            return Err("another response than the first time".to_owned());
        }
        Ok(answer)
    }

    /// Pledges at once; the answers in the same order.
    pub(super) fn pledge(&self, tickets: &[usize]) -> Result<Vec<Answer>, String> {
        let spawned = async {
            let ask = |number: &usize| {
                let ticket = &self.country.tickets[*number];
                let request = Request::post("/pledges").header(AUTHORIZATION, &ticket.authorization);
                let request = request.header(CONTENT_TYPE, media::PLEDGE).body(Body::from(ticket.pledge.clone()));
                tokio::spawn(ask(self.public(), request.unwrap()))
            };
            let asked: Vec<_> = tickets.iter().map(ask).collect();
            let mut answers = Vec::new();
            for task in asked {
                answers.push(task.await.unwrap());
            }
            answers
        };
        let answers = self.runtime.block_on(spawned).into_iter().zip(tickets);
        let checked = answers.map(|((answer, body), number)| {
            let receipt = body == self.country.tickets[*number].receipt;
            if receipt == answer.starts_with('2') { Ok(answer) } else { Err(format!("{answer}, receipt: {receipt}")) }
        });
        checked.collect()
    }

    pub(super) fn announce(&self, number: u32, other: bool) -> Answer {
        self.organise("/organiser/announcement", NOTE, self.country.announcement(number, other).to_owned())
    }

    pub(super) fn close(&self) -> Answer {
        self.organise("/organiser/close", NOTE, String::new())
    }

    pub(super) fn revoke(&self) -> Answer {
        self.organise("/organiser/batches/revoke", media::JSON, r#"{"batch":"limited"}"#.to_owned())
    }

    fn organise(&self, path: &str, media_type: &str, body: String) -> Answer {
        let request = Request::post(path).header(AUTHORIZATION, &self.country.organiser);
        let request = request.header(CONTENT_TYPE, media_type).body(Body::from(body)).unwrap();
        let (_, _, organiser) = self.served.as_ref().unwrap();
        self.runtime.block_on(ask(organiser.clone(), request)).0
    }

    /// `/counts.json`.
    pub(super) fn counts(&self) -> Counts {
        let request = Request::get("/counts.json").body(Body::empty()).unwrap();
        serde_json::from_slice(&self.runtime.block_on(ask(self.public(), request)).1).unwrap()
    }

    fn public(&self) -> Router {
        self.served.as_ref().unwrap().1.clone()
    }

    /// The log as it lies on the disk, behind the genesis, after an audit.
    pub(super) fn log(&self) -> Result<Vec<Line>, String> {
        let campaign = &self.country.campaign;
        let verifier = NoteVerifier::new(&campaign.log_name(), &campaign.genesis().log_key).unwrap();
        let log = LogStore::open(&self.data.join("log"), &verifier).map_err(|error| error.to_string())?;
        let summary = read_log(campaign, log.reader()).map_err(|error| error.to_string())?;
        let (mut lines, mut pledges) = (Vec::new(), 0);
        let read = log.reader().entries(0, log.reader().size(), |index, entry| {
            if index > 0 {
                self.line(&mut lines, entry, &mut pledges);
            }
            Ok::<_, Error>(())
        });
        read.map_err(|error| error.to_string())?;
        let in_groups: usize = lines.iter().map(Line::pledges).sum();
        if pledges != in_groups || summary.sums.total() != pledges as u64 {
            return Err(format!("{pledges} pledges, of which {in_groups} are different; counted {:?}", summary.sums));
        }
        Ok(lines)
    }

    fn line(&self, lines: &mut Vec<Line>, entry: &[u8], pledges: &mut usize) {
        match Entry::decode(entry).unwrap() {
            Entry::Group { tick, area, .. } => {
                let tickets = BTreeSet::new();
                lines.push(Line::Group { tick: tick.into(), level: area.level as u8, area: area.index, tickets });
            }
            Entry::Pledge(pledge) => {
                let Some(Line::Group { level, area, tickets, .. }) = lines.last_mut() else { panic!("no group") };
                let ticket = self.ticket_of[&pledge.nonce()];
                assert!(*level < 2 || *area == place_of(ticket), "a pledge of another place");
                tickets.insert(ticket);
                *pledges += 1;
            }
            Entry::Announcement(note) => {
                let (number, other) = self.country.number_of(&note);
                lines.push(Line::Announcement { number, other });
            }
            Entry::Close { tick } => lines.push(Line::Close { tick: tick.into() }),
            Entry::Page { .. } => panic!("no page was given"),
        }
    }
}

const NOTE: &str = "text/plain; charset=utf-8";

async fn ask(routes: Router, request: Request) -> (Answer, Bytes) {
    let response = TowerToHyperService::new(routes).call(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    if status < 400 {
        return (status.to_string(), body);
    }
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let name = problem["type"].as_str().unwrap().trim_start_matches("urn:headcount:problem:");
    (format!("{status} {name}"), body)
}
