//! Tests: the registration page between the steps of a tick, and before the log names it.

use super::*;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use protocol::codec::to_hex;
use sha2::{Digest, Sha256};

/// A folder with a registration page.
fn page(home: &Path) -> (PathBuf, [u8; 32]) {
    let index = b"<p>page";
    let digest = to_hex(&Sha256::digest(index));
    let file = format!("{{\"path\":\"index.html\",\"size\":{},\"sha256\":\"{digest}\"}}", index.len());
    let manifest = format!("{{\"compiler\":\"debian rustc-web 1.0\",\"files\":[{file}]}}\n");
    let folder = home.join("page-to-serve");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("index.html"), index).unwrap();
    std::fs::write(folder.join("manifest.json"), &manifest).unwrap();
    (folder, Sha256::digest(&manifest).into())
}

#[test]
fn u2_a_page_is_entered_behind_the_tick_that_was_cut_off_and_never_while_its_plan_exists() {
    let template = Template::make();
    for steps in 0..=8 {
        let (home, data) = template.copy();
        let (folder, digest) = page(home.path());
        steps_of_a_tick(&data, &template.campaign, steps, false);
        let clock = Clock::new(|| Reading { wall: START + 3600, steady: Duration::from_secs(START + 3600) });
        let served = Deployment::open(&data, clock, Some(&folder)).unwrap();
        served.look_at_clock().unwrap();
        assert_eq!(served.join.to_be_entered(), None, "step {steps}");
        let summary = read_log(&template.campaign, open_log(&data, &template.campaign).reader()).unwrap();
        assert_eq!((summary.sums.total(), summary.entries), (6, 1 + 1 + 6 + 1), "step {steps}");
        assert_eq!(summary.manifest_sha256, Some(digest));
    }
    let (_home, data) = template.copy();
    let now = Arc::new(AtomicU64::new(START + 10));
    let served = serve(&data, &now);
    let pool = served.publisher().pool().unwrap();
    pool.freeze(1).unwrap();
    let plan = Plan::make(&template.campaign, 1, false, 1, 99, &pool.frozen().unwrap()).unwrap();
    plan.write(&data).unwrap();
    assert!(!served.publisher().enter_page([7; 32]).unwrap(), "the plan comes first");
    now.store(START + 3600, SeqCst);
    served.look_at_clock().unwrap();
    for _ in 0..2 {
        assert!(served.publisher().enter_page([7; 32]).unwrap());
    }
    let summary = read_log(&template.campaign, open_log(&data, &template.campaign).reader()).unwrap();
    assert_eq!((summary.entries, summary.manifest_sha256), (1 + 1 + 6 + 1, Some([7; 32])), "entered once");
}

#[test]
fn u2_a_page_that_the_log_does_not_name_yet_is_not_served() {
    let template = Template::make();
    let (home, data) = template.copy();
    let (folder, _) = page(home.path());
    // no checkpoint can be written where a folder stands in the way of its unfinished file
    std::fs::create_dir(data.join("log/checkpoint.tmp")).unwrap();
    let clock = Clock::new(|| Reading { wall: START, steady: Duration::from_secs(START) });
    let served = Deployment::open(&data, clock, Some(&folder)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let status = |path: &str| {
        let request = axum::extract::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let answered = TowerToHyperService::new(served.public_routes()).call(request);
        let answered = runtime.block_on(answered).unwrap();
        (answered.status().as_u16(), answered.headers().contains_key("content-security-policy"))
    };
    for path in ["/join", "/join/index.html", "/join/manifest.json"] {
        assert_eq!(status(path), (503, true), "{path}");
    }
    assert_eq!(status("/counts.json"), (200, false), "all else is served");
    std::fs::remove_dir(data.join("log/checkpoint.tmp")).unwrap();
    served.look_at_clock().unwrap();
    for path in ["/join", "/join/index.html", "/join/manifest.json"] {
        assert_eq!(status(path), (200, true), "{path}");
    }
}
