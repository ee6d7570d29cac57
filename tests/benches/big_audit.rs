//! Audit of 500,000: the real program on a folder, beside what bounds it, verifying as many tokens on all cores with the same
//! library. The log is written below HTTP, with tokens that the Issuer's key signed.

use crate::big_log::{TICKS, source, write_groups};
use crate::clocks::{Took, together};
use crate::duel::{By, Duel, Row};
use crate::fixture::{Made, on_all_cores};
use crate::unblinded::tokens;
use criterion::Criterion;
use protocol::campaign::Campaign;
use protocol::entry::{Entry, PublishedPledge};
use protocol::publication::Level;
use serde_json::Value;
use server::init::init;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::programs::program;

/// Words choose it by this.
pub(crate) const NAME: &str = "audit of 500,000: half a million";

/// It and its bound in turn.
pub(crate) fn run(criterion: &mut Criterion) -> Vec<Row> {
    let folder = TempDir::new().expect("a temporary folder");
    let data = folder.path().join("data");
    let source = source();
    let places = source.places.clone();
    init(source, &data).expect("a good campaign");
    let campaign =
        Campaign::new(&fs::read(data.join("genesis.json")).expect("a genesis"), &places).expect("a campaign");
    let made = tokens(&campaign, &data, PLEDGES);
    write(&campaign, &data, &made);
    let mut most = [0; 2];
    let ours = |count| {
        let mut sum = Took::default();
        (0..count).for_each(|_| sum += audit(&data, &mut most));
        sum
    };
    let key = campaign.token_key();
    let verify = |part: &[Made]| part.iter().for_each(|made| made.token.verify_signature(key).expect("a valid token"));
    let bound = |count| {
        let mut sum = Took::default();
        (0..count).for_each(|_| sum += together(|| on_all_cores(&made, verify)).1);
        sum
    };
    let rows = Duel::new("audit of 500,000", By::Wall, Box::new(ours))
        .batch(PLEDGES)
        .against("bound: verify 500,000, all cores", None, Box::new(bound))
        .run(criterion, 1, 60.0);
    crate::tell(&format!("memory of the audit: {} MB half way, {} MB at its end", most[0] >> 20, most[1] >> 20));
    rows
}

/// All of them, published at one tick for their places.
fn write(campaign: &Campaign, data: &Path, made: &[Made]) {
    let places = campaign.places().places.len();
    write_groups(campaign, data, TICKS, PLEDGES, |place, size| {
        let of_place = made.iter().skip(place as usize).step_by(places);
        let entry = |made: &Made| {
            let region = campaign.places().region_of(place).expect("a place");
            let authenticator = *made.token.encode().last_chunk().expect("a token ends in its authenticator");
            Entry::Pledge(PublishedPledge::new(Level::Place, &made.pledge, region, authenticator)).encode()
        };
        let entries: Vec<_> = of_place.map(entry).collect();
        assert_eq!(entries.len(), size as usize);
        entries
    });
}

/// The program, its verdict, and the most memory that it had after half of the time that it takes and at its end.
fn audit(data: &Path, most: &mut [u64; 2]) -> Took {
    let begin = Instant::now();
    let mut command = Command::new(program("headcount"));
    command.args(["audit", "--json"]).arg(data).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program");
    let status = format!("/proc/{}/status", child.id());
    let mut seen = Vec::new();
    while child.try_wait().expect("a child").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        seen.extend(peak.map(|kibibytes: u64| kibibytes << 10));
        std::thread::sleep(PAUSE);
    }
    let wall = begin.elapsed();
    let output = child.wait_with_output().expect("a child");
    let told: Value = serde_json::from_slice(&output.stdout).expect("a document");
    assert!(output.status.success() && told["pledges"] == PLEDGES, "{told}");
    *most = [seen[seen.len() / 2], seen[seen.len() - 1]];
    Took { wall, cpu: Duration::ZERO }
}

const PLEDGES: u32 = 500_000;
const PAUSE: Duration = Duration::from_millis(5);
