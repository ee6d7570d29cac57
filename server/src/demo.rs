//! `demo`: the campaign of Russia 2021 as a rehearsal on this machine, with short ticks and simulated participants.

use crate::Deployment;
use crate::batches::BatchRequest;
use crate::bundle::read_given;
use crate::clock::Clock;
use crate::error::Error;
use crate::init::{Source, init};
use crate::keyring::random_seed;
use crate::organisers::Account;
use crate::serve::Running;
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::note::NoteSigner;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

const CAMPAIGN: &str = include_str!("../campaigns/russia-2021/campaign.toml");
const PLACES: &[u8] = include_bytes!("../campaigns/russia-2021/places.json");
const MAP: &[u8] = include_bytes!("../campaigns/russia-2021/map.json");

const DAYS: u64 = 30;

/// What the command line asks for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where participants and the public reach it.
    pub listen: SocketAddr,
    /// Where organisers reach it.
    pub organiser_listen: SocketAddr,
    /// Length of a tick in seconds.
    pub tick_seconds: u32,
    /// The least size of a group.
    pub k: u32,
    /// Invites to print.
    pub invites: u32,
    /// Simulated participants.
    pub simulate: u32,
    /// Where to keep it; none means a temporary folder, removed at the end.
    pub data: Option<PathBuf>,
    /// The folder of a registration page.
    pub page: Option<PathBuf>,
}

/// A demo that serves.
pub struct Demo {
    /// The server.
    pub running: Running,
    /// The organiser's token.
    pub organiser_token: Zeroizing<String>,
    /// Where the organiser's key lies: beside the demo's data, where a real one would never be.
    pub organiser_key: PathBuf,
    /// The folder of the campaign.
    pub data: PathBuf,
    /// Invites to try.
    pub invites: Vec<Zeroizing<String>>,
    /// Whether there is a registration page.
    pub serves_page: bool,
    simulation: Option<Child>,
    _temporary: Option<tempfile::TempDir>,
}

impl Demo {
    /// Makes the campaign, serves it and starts the simulated participants.
    pub async fn start(options: &Options) -> Result<Self, Error> {
        let bind = async |address| TcpListener::bind(address).await.map_err(|error| Error::io(address, error));
        let (listener, organiser_listener) = (bind(options.listen).await?, bind(options.organiser_listen).await?);
        let address = listener.local_addr().map_err(|error| Error::io(options.listen, error))?;
        let temporary = match options.data {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(|error| Error::io("a temporary folder", error))?),
        };
        let home = options.data.clone().or_else(|| temporary.as_ref().map(|folder| folder.path().join("campaign")));
        let data = home.ok_or_else(|| Error::Refused("there is no folder for the demo".to_owned()))?;
        let (wanted, folder) = (options.clone(), data.clone());
        let prepared = tokio::task::spawn_blocking(move || prepare(&wanted, address, &folder)).await;
        let prepared = prepared.map_err(|_| Error::Refused("the demo could not be made".to_owned()))??;
        let Prepared { deployment, organiser_token, organiser_key, invites, simulated } = prepared;
        let running = Running::start(deployment, listener, organiser_listener)?;
        let simulation = if simulated.is_empty() { None } else { simulate(address, &simulated)? };
        let serves_page = options.page.is_some();
        let _temporary = temporary;
        Ok(Self { running, organiser_token, organiser_key, data, invites, serves_page, simulation, _temporary })
    }

    /// Ends the simulated participants, then the server.
    pub async fn stop(mut self) {
        if let Some(mut simulation) = self.simulation.take() {
            let _ = simulation.kill();
            let _ = simulation.wait();
        }
        self.running.stop().await;
    }
}

/// Made before anything is served.
struct Prepared {
    deployment: Deployment,
    organiser_token: Zeroizing<String>,
    organiser_key: PathBuf,
    invites: Vec<Zeroizing<String>>,
    simulated: Vec<Zeroizing<String>>,
}

/// Keys, genesis, invites. Blocking.
fn prepare(options: &Options, address: SocketAddr, data: &Path) -> Result<Prepared, Error> {
    if let Some(page) = &options.page {
        read_given(page)?; // before a folder is made that would have to be thrown away
    }
    let seed = random_seed(&mut rand::rng());
    let source = source(options, address, &NoteSigner::new("", &seed).public_key())?;
    let organiser_token = init(source, data)?.organiser_token;
    let organiser_key = data.join("organiser.key");
    crate::store::disk::write_file(&organiser_key, crate::store::SECRET_FILE, to_base64(seed.as_slice()).as_bytes())?;
    let deployment = Deployment::open(data, Clock::system(), options.page.as_deref())?;
    let mint = |batch: &str, count| mint(&deployment, batch, count);
    let (invites, simulated) = (mint("demo", options.invites)?, mint("simulated", options.simulate)?);
    Ok(Prepared { deployment, organiser_token, organiser_key, invites, simulated })
}

/// The campaign file of Russia 2021, with this machine's names, today's dates and the demo's ticks.
fn source(options: &Options, address: SocketAddr, organiser_key: &[u8; 32]) -> Result<Source, Error> {
    let text = CAMPAIGN.replacen("[title]", &format!("organiser_key = \"{}\"\n[title]", to_base64(organiser_key)), 1);
    let mut file = CampaignFile::parse(&text)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let ticks = (DAYS * 86_400).div_ceil(u64::from(options.tick_seconds.max(1)));
    let genesis = file.genesis_mut();
    (genesis.k, genesis.tick_seconds, genesis.rehearsal) = (options.k, options.tick_seconds, true);
    (genesis.opens, genesis.pledges_open) = (now, now);
    genesis.closes = now + ticks * u64::from(options.tick_seconds);
    genesis.issuing_closes = genesis.closes;
    (genesis.issuer_name, genesis.origin_name) = (address.to_string(), address.to_string());
    Ok(Source { file, places: PLACES.to_vec(), map: MAP.to_vec() })
}

fn mint(deployment: &Deployment, batch: &str, count: u32) -> Result<Vec<Zeroizing<String>>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let request = BatchRequest { batch: batch.to_owned(), count, per_tick: None, expires: None };
    let links = deployment.organiser.make_invites(&Account::first(), &request);
    let links = links.map_err(|refusal| Error::Refused(refusal.problem().to_string()))?;
    Ok(links.iter().map(protocol::invite::InviteLink::to_text).collect())
}

/// Starts `headcount rehearse`, which blinds and pledges over HTTP like everybody else. The invites go through its standard input.
fn simulate(address: SocketAddr, invites: &[Zeroizing<String>]) -> Result<Option<Child>, Error> {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("headcount")));
    let Some(program) = beside.filter(|program| program.exists()) else {
        crate::tell(
            &"there are no simulated participants: the program headcount is not beside headcount-server (cargo build makes both)",
        );
        return Ok(None);
    };
    let failed = |error| Error::io("the simulated participants could not start", error);
    let mut child = Command::new(program)
        .args([
            "rehearse",
            &format!("http://{address}"),
            "--invites",
            "-",
            "--rate",
            "200",
            "--participants",
            &invites.len().to_string(),
            // the demo shows people; whoever wants readers and broken clients too rehearses at it
            "--readers",
            "0",
            "--slow",
            "0",
            "--broken",
            "0",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let text = Zeroizing::new(invites.iter().map(|invite| invite.as_str()).collect::<Vec<_>>().join("\n"));
    let stdin = child.stdin.take();
    std::thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(text.as_bytes());
        }
    });
    Ok(Some(child))
}

/// Refuses a folder that was used before, with the line that goes on with it.
pub fn refuse_used_folder(data: &Path, options: &Options) -> Result<(), Error> {
    if data.join("genesis.json").exists() {
        return Err(Error::Refused(format!(
            "the folder {0} holds a campaign already; go on with it by: headcount-server serve --data {0} --listen {1} --organiser-listen {2}",
            data.display(),
            options.listen,
            options.organiser_listen
        )));
    }
    Ok(())
}
