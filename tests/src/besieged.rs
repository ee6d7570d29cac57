//! A real `headcount-server demo` that is about to be attacked: what an attacker has of it, what others need to take part
//! meanwhile, and what the kernel says of the process. Linux only: it reads `/proc`.

use crate::attack::Target;
use crate::programs::Demo;
use crate::wire::{Answer, send};
use protocol::campaign::Campaign;
use protocol::invite::Invite;
use protocol::media;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The demo.
pub struct Besieged {
    /// The process.
    pub demo: Demo,
    /// Its campaign.
    pub campaign: Campaign,
    /// What is attacked.
    pub target: Arc<Target>,
    /// A client that keeps no connections.
    pub http: reqwest::Client,
}

impl Besieged {
    /// Starts it, with one invite for the attacker, and lets this process open as many files as it may.
    pub async fn start() -> Self {
        let maximum = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("up to the hard limit is allowed");
        let started = tokio::task::spawn_blocking(|| Demo::start("3600", "0"));
        let demo = started.await.expect("no panic");
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
        let read = async |path: &str| send(http.get(format!("{}{path}", demo.told("url")))).await.body;
        let campaign = Campaign::new(&read("/campaign").await, &read("/places.json").await).expect("a campaign");
        let address = |name: &str| demo.told(name).trim_start_matches("http://").parse::<SocketAddr>();
        let (public, organisers) = (address("url").expect("an address"), address("organiser_url").expect("an address"));
        let code = demo.told_invite(0);
        let target = Arc::new(Target::new(public, organisers, &campaign, code));
        Self { demo, campaign, target, http }
    }

    /// Makes invites.
    pub async fn invites(&self, count: u32) -> Vec<Invite> {
        let post = self.http.post(format!("{}/organiser/invites", self.demo.told("organiser_url")));
        let body = serde_json::json!({ "batch": "honest", "count": count }).to_string();
        let post = post.bearer_auth(self.demo.told("organiser_token")).header("content-type", media::JSON);
        crate::links(&send(post.body(body)).await)
    }

    /// GET of a public path.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.http.get(format!("{}{path}", self.demo.told("url")))).await
    }

    /// The most bytes of memory that it has had.
    pub fn memory_peak(&self) -> u64 {
        let text = self.proc("status");
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line of it");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// Lets the peak begin anew.
    pub fn forget_memory_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.demo.id()), "5").expect("it is this user's process");
    }

    /// The files that it has open, connections among them.
    pub fn files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.demo.id())).expect("Linux lists them").count()
    }

    /// The processor time of the threads that sign, to the nanosecond.
    pub fn signing(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.demo.id())).expect("Linux lists them");
        let paths = tasks.map(|task| task.expect("a thread").path());
        let signers = paths.filter(|path| fs::read_to_string(path.join("comm")).is_ok_and(|name| name == "signer\n"));
        let on_cpu = signers.map(|path| {
            let text = fs::read_to_string(path.join("schedstat")).expect("Linux tells the time of a thread");
            Duration::from_nanos(text.split(' ').next().and_then(|first| first.parse().ok()).expect("nanoseconds"))
        });
        let times: Vec<Duration> = on_cpu.collect();
        assert!(!times.is_empty(), "no thread signs");
        times.iter().sum()
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.demo.id())).expect("Linux tells it")
    }
}
