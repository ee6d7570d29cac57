//! The browsers, driven by programs for Node (`node/`): a request goes in, what was seen comes out, and the tests judge
//! it. As many drivers at a time as there are tests, but one alone where something is measured.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tests::foreign::{installed, node, run, target};

/// Held for reading by every driver that runs, for writing by one that measures.
static RUNNING: RwLock<()> = RwLock::new(());

/// How much longer than on a quiet machine a driver may take before it hangs for certain.
const PATIENCE: u64 = 3;

/// Runs a function of a driver, which takes less than so many seconds on a quiet machine.
pub(crate) async fn drive(module: &'static str, function: &'static str, request: Value, seconds: u64) -> Value {
    let work = move || {
        let _running = RUNNING.read().unwrap_or_else(PoisonError::into_inner);
        drive_now(module, function, &request, Duration::from_secs(PATIENCE * seconds))
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// The same while no other browser of these tests takes its time.
pub(crate) async fn measure(module: &'static str, function: &'static str, request: Value, seconds: u64) -> Value {
    let work = move || {
        let _alone = RUNNING.write().unwrap_or_else(PoisonError::into_inner);
        drive_now(module, function, &request, Duration::from_secs(PATIENCE * seconds))
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn drive_now(module: &str, function: &str, request: &Value, limit: Duration) -> Value {
    static PROGRAM: LazyLock<Result<PathBuf, String>> = LazyLock::new(place_drivers);
    let program = PROGRAM.as_ref().unwrap_or_else(|said| panic!("{said}"));
    run(Command::new(node()).arg(program).args([module, function]), &request.to_string(), limit)
        .unwrap_or_else(|said| panic!("{module} {function}: {said}"))
}

/// The page that `make page` built.
pub(crate) fn target_page() -> PathBuf {
    installed("page", "page").unwrap_or_else(|said| panic!("{said}"))
}

/// Where the pictures go that a person can leaf through.
pub(crate) fn pictures() -> PathBuf {
    target().join("browsers/pictures")
}

/// Node looks for libraries from where a program lies, and what is installed does not lie among the sources.
fn place_drivers() -> Result<PathBuf, String> {
    let place = installed("browsers/node/node_modules/playwright-core", "setup-browsers")?;
    let place = place.ancestors().nth(2).unwrap();
    for source in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("browsers/node")).unwrap() {
        let source = source.unwrap().path();
        if source.extension().is_some_and(|extension| extension == "mjs") {
            std::fs::copy(&source, place.join(source.file_name().unwrap())).unwrap();
        }
    }
    Ok(place.join("drive.mjs"))
}

/// The lines of a list.
pub(crate) fn lines(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

/// Writes a measurement down beside the pictures: it is told, not judged, because other tests run meanwhile.
pub(crate) fn note(name: &str, value: &Value) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = target().join("browsers/measurements.json");
    let known = std::fs::read_to_string(&path).ok().and_then(|text| serde_json::from_str(&text).ok());
    let mut all: serde_json::Map<String, Value> = known.unwrap_or_default();
    all.insert(name.to_owned(), value.clone());
    std::fs::write(&path, serde_json::to_string_pretty(&all).unwrap()).unwrap();
}
