//! The table at the end, and the same figures for programs in `target/bench.json`.

use crate::duel::{By, Rate, Row};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Where the ratios of the last column come from.
const BASELINES: &str =
    "measured on 2026-11-22, before there was any code, on two cores of an AMD Zen 3 without AVX-512";

/// On what, and when, it was measured.
pub(crate) struct Machine {
    cores: usize,
    processor: String,
    /// Integer fused multiply-add in 512-bit vectors: with it, OpenSSL and AWS-LC sign twice as fast.
    ifma: bool,
    /// Tasks that wanted a core before the bench began, mean of a minute.
    load: String,
    file_system: String,
    begin: Instant,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = cpu.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_once(": ").map_or_else(|| "unknown".to_owned(), |(_, value)| value.to_owned())
        };
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: field("model name"),
            ifma: field("flags").split(' ').any(|flag| flag == "avx512ifma"),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            file_system: file_system(&std::env::temp_dir()),
            begin: Instant::now(),
        }
    }
}

/// The kind of file system that a folder lies on: syncs in memory would cost nothing and prove nothing.
fn file_system(folder: &Path) -> String {
    let folder = fs::canonicalize(folder).expect("a folder for temporary files");
    let mounts = fs::read_to_string("/proc/mounts").expect("Linux lists what is mounted");
    let below = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (at, kind) = (fields.next()?, fields.next()?);
        folder.starts_with(at).then(|| (at.len(), kind.to_owned()))
    });
    let kind = below.max_by_key(|(length, _)| *length).map_or_else(|| "unknown".to_owned(), |(_, kind)| kind);
    assert!(kind != "tmpfs", "{} is in memory; set TMPDIR to a folder on a disk", folder.display());
    kind
}

/// Prints the table and writes the file.
pub(crate) fn show(machine: &Machine, rows: &[Row]) {
    let seconds = machine.begin.elapsed().as_secs();
    let mut text = format!(
        "\n{} cores, {} ({} AVX-512 IFMA), {}, load {} at the start, {seconds} s in all\n\n",
        machine.cores,
        machine.processor,
        if machine.ifma { "with" } else { "without" },
        machine.file_system,
        machine.load
    );
    let head = ["what", "per second", "each", "cpu", "peer", "per second", "cpu", "ratio", "of cpu", "baseline"];
    push_line(&mut text, &head.map(str::to_owned));
    let mut last = "";
    for row in rows {
        let mut cells = cells(row);
        if row.subject == last {
            cells[..4].fill(String::new());
        }
        last = row.subject;
        push_line(&mut text, &cells);
    }
    let _infallible = write!(
        text,
        "\nOne token: one core, per second of processor time. Stores, HTTP, tick and audit: per second on the wall, all\n\
         cores, with the processor time that the servers and stores used beside it (to 10 ms in all, without the load\n\
         generator). Tick and audit count pledges per second; each is the whole of 10,000. A ratio is ours by theirs, more\n\
         is better: the median over samples in which both ran in turn. Baselines are ratios too (cpu: of processor time),\n\
         {BASELINES}.\n"
    );
    crate::tell(&text);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench.json");
    fs::write(&path, format!("{:#}\n", document(machine, rows))).expect("the folder for what is built");
    let picture = path.with_extension("svg");
    fs::write(&picture, crate::picture::draw(rows)).expect("the folder for what is built");
    crate::tell(&format!("The same for programs: {}; as a picture: {}", path.display(), picture.display()));
}

fn cells(row: &Row) -> [String; 10] {
    let batch = f64::from(row.batch);
    let on_the_wall = row.by == By::Wall;
    let cpu = |rate: &Rate| match rate.cpu_seconds.filter(|seconds| on_the_wall && *seconds > 0.0) {
        Some(seconds) => span(seconds * batch),
        None => String::new(), // where processor time is what counts it is said already
    };
    let baseline = row.baseline.map(|baseline| {
        let mark = if on_the_wall && baseline.by == By::Processor { "cpu " } else { "" };
        format!("{mark}{:.2}", baseline.ratio)
    });
    [
        row.subject.to_owned(),
        number(row.ours.per_second),
        span(batch / row.ours.per_second),
        cpu(&row.ours),
        row.peer.to_owned(),
        number(row.theirs.per_second),
        cpu(&row.theirs),
        format!("{:.2}", row.ratio),
        row.cpu_ratio.filter(|_| on_the_wall).map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        baseline.unwrap_or_default(),
    ]
}

fn push_line(text: &mut String, cells: &[String; 10]) {
    let [what, rate, each, cpu, peer, theirs, their_cpu, ratio, cpu_ratio, baseline] = cells;
    let line = format!(
        "{what:<21}{rate:>11}{each:>10}{cpu:>10}  {peer:<39}{theirs:>11}{their_cpu:>10}{ratio:>7}{cpu_ratio:>8}{baseline:>10}"
    );
    text.push_str(line.trim_end());
    text.push('\n');
}

pub(crate) fn number(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

pub(crate) fn span(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

fn document(machine: &Machine, rows: &[Row]) -> Value {
    let rate = |rate: &Rate| json!({ "per_second": rate.per_second, "cpu_seconds_each": rate.cpu_seconds });
    let row = |row: &Row| {
        json!({
            "what": row.subject,
            "per_second_of": if row.by == By::Processor { "processor time" } else { "wall time" },
            "ours": rate(&row.ours),
            "peer": row.peer,
            "theirs": rate(&row.theirs),
            "ratio": row.ratio,
            "cpu_ratio": row.cpu_ratio,
            "seconds_per_batch": f64::from(row.batch) / row.ours.per_second,
            "batch": row.batch,
            "baseline": row.baseline.map(|baseline| {
                let of = if baseline.by == By::Processor { "processor time" } else { "wall time" };
                json!({ "ratio": baseline.ratio, "of": of, "source": baseline.source })
            }),
        })
    };
    json!({
        "machine": {
            "cores": machine.cores,
            "processor": machine.processor,
            "avx512_ifma": machine.ifma,
            "file_system": machine.file_system,
            "load_at_start": machine.load,
        },
        "seconds": machine.begin.elapsed().as_secs(),
        "baselines": BASELINES,
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
    })
}
