//! Seeds: documents, notes, what is typed, and the files of a server.

use super::{Seeds, bytes, campaign, put as seed, text};
use protocol::announcement::Announcement;
use protocol::auth_scheme::{challenge_header, token_header};
use protocol::codec::to_base64;
use protocol::counts::{Counts, Sums};
use protocol::directory::IssuerDirectory;
use protocol::publication::{Area, State};
use protocol::token::Token;
use serde_json::json;
use std::fs;
use std::path::Path;

/// All of them.
pub(super) fn put(seeds: &mut Seeds) {
    json_documents(seeds);
    notes(seeds);
    typed(seeds);
    headers(seeds);
    campaign_files(seeds);
    answers(seeds);
    folder(seeds);
}

fn sums() -> Sums {
    let mut sums = Sums::default();
    sums.add(Area::place(4), 5);
    sums.add(Area::region(0), 5);
    sums.add(Area::ROOT, 5);
    sums
}

fn counts() -> Counts {
    let campaign = campaign();
    let announcement = Announcement::open(text("announcement_note").as_bytes(), &campaign).unwrap();
    Counts::new(&campaign, State::Closed, 4, 22, &sums(), Some(announcement))
}

fn json_documents(seeds: &mut Seeds) {
    seed(seeds, "documents", "genesis", "g", text("genesis"));
    seed(seeds, "documents", "places", "p", text("places_json"));
    seed(seeds, "documents", "counts", "c", serde_json::to_vec(&counts()).unwrap());
    let empty = Counts::new(&campaign(), State::Before, -3, 1, &Sums::default(), None);
    seed(seeds, "documents", "counts-empty", "c", serde_json::to_vec(&empty).unwrap());
    let directory = IssuerDirectory::new(campaign().token_key());
    seed(seeds, "documents", "directory", "d", serde_json::to_vec(&directory).unwrap());
    let digest = "a".repeat(64);
    let file = |path: &str| json!({ "path": path, "size": 3, "sha256": digest });
    let files = [file("index.html"), file("registration.wasm"), file("style.css")];
    let files: Vec<String> =
        files.iter().map(|file| format!(r#"{{"path":{},"size":3,"sha256":"{digest}"}}"#, file["path"])).collect();
    let manifest = format!("{{\"compiler\":\"debian rustc-web 1.90\",\"files\":[{}]}}\n", files.join(","));
    seed(seeds, "documents", "manifest", "m", manifest);
}

fn notes(seeds: &mut Seeds) {
    let (checkpoint, announcement) = (text("checkpoint_note"), text("announcement_note"));
    let body = |note: &str| format!("{}\n", note.split("\n\n").next().unwrap());
    seed(seeds, "notes", "checkpoint", "c", &checkpoint);
    seed(seeds, "notes", "announcement", "a", &announcement);
    seed(seeds, "notes", "checkpoint-lines", "C", body(&checkpoint));
    seed(seeds, "notes", "announcement-lines", "A", body(&announcement));
}

fn typed(seeds: &mut Seeds) {
    for (kind, name, typed) in [
        ("i", "code", text("invite_code")),
        ("i", "code-bare", text("invite_code").replace('-', "").to_lowercase()),
        ("l", "link", text("invite_link")),
        ("w", "words", text("phrase_words")),
        ("w", "numbers", text("phrase_numbers")),
        ("e", "address", "Ann.O'Neil+x@mail.example.org".to_owned()),
        ("e", "address-composed", "A\u{30a}sa\u{212b}@example.org".to_owned()),
        ("d", "domains", "example.org\n*.edu\n*".to_owned()),
        ("t", "token", to_base64(&bytes("token"))),
        ("b", "base64", to_base64(&bytes("log_seed"))),
        ("b", "hex", text("campaign_id")),
        ("u", "url", "https://origin.example:8443/".to_owned()),
        ("u", "url-loopback", "http://[::1]:8080".to_owned()),
        ("u", "url-onion", "http://headcount.onion".to_owned()),
        ("s", "date", "1700003600".to_owned()),
        ("n", "place", "Place 3".to_owned()),
        ("n", "place-number", " 03 ".to_owned()),
    ] {
        seed(seeds, "texts", name, kind, typed);
    }
}

fn headers(seeds: &mut Seeds) {
    let campaign = campaign();
    seed(seeds, "headers", "token", "t", token_header(&Token::decode(&bytes("token")).unwrap()));
    let challenge = challenge_header(campaign.challenge(), campaign.token_key()).unwrap();
    seed(seeds, "headers", "challenge", "c", &challenge);
    seed(seeds, "headers", "challenge-more", "c", format!("{challenge}, max-age=10, realm=\"x\""));
    seed(seeds, "headers", "form", "f", "batch=a+%D1%8F%26&count=3&per_tick=&x=*-._%7e");
}

fn campaign_files(seeds: &mut Seeds) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/campaigns");
    let key = to_base64(&campaign().genesis().organiser_key);
    for name in ["belarus", "berlin", "company"] {
        let whole = fs::read_to_string(folder.join(name).join("campaign.toml")).unwrap();
        // without what it says to people: a fuzzer learns nothing from it
        let lines =
            whole.lines().map(|line| line.replacen("#organiser_key = \"…\"", &format!("organiser_key = \"{key}\""), 1));
        let lines = lines.filter(|line| !line.starts_with('#') && !line.is_empty());
        let lines: Vec<String> = lines.map(|line| line.chars().take(160).collect::<String>()).collect();
        let closed =
            |line: &String| if line.matches('"').count() % 2 == 1 { format!("{line}\"") } else { line.clone() };
        seed(seeds, "campaign_file", name, "", lines.iter().map(closed).collect::<Vec<_>>().join("\n"));
    }
    let small = format!(
        "target = 1000\neligible = 60\nplaces = \"places.json\"\nmap = \"map.json\"\nmap_view = [\"x\"]\nk = 5\n\
         tick_seconds = 3_600\nopens = 1700000000\npledges_open = 2023-11-14T23:13:20Z\ncloses = 1700039600\n\
         issuing_closes = 2023-11-15T06:33:20.000+00:00\nissuer_name = \"issuer.example\"\nonion = \"headcount.onion\"\n\
         origin_name = \"origin.example:8443\"\norganiser_key = \"{key}\"\nrehearsal = true\nrelays = []\nquorum = 0\n\
         [title]\nen = \"March\"\nru = \"Марш\"\n[text]\nen = \"Text.\"\nru = \"Текст.\"\n[email]\nmaximum = 10\n\
         domains = [\"example.org\", \"*.edu\"]\n"
    );
    seed(seeds, "campaign_file", "small", "", small);
}

fn answers(seeds: &mut Seeds) {
    let kind = "application/problem+json";
    let problem = |status: u16, name: &str| {
        let body = json!({ "type": format!("urn:headcount:problem:{name}"), "title": name, "status": status });
        let head = [&status.to_be_bytes()[..], &[u8::try_from(kind.len()).unwrap()], kind.as_bytes()].concat();
        [head, body.to_string().into_bytes()].concat()
    };
    seed(seeds, "answers", "invite-used", "r", problem(409, "invite-used"));
    seed(seeds, "answers", "rate-limited", "r", problem(429, "rate-limited"));
    let directory = to_base64(&serde_json::to_vec(&IssuerDirectory::new(campaign().token_key())).unwrap());
    let whole = [
        json!({ "do": "link", "text": text("invite_link") }).to_string(),
        r#"{"do":"campaign"}"#.to_owned(),
        r#"{"do":"phrase"}"#.to_owned(),
        json!({ "do": "prepare", "place": 5 }).to_string(),
        json!({ "do": "directory", "body": directory }).to_string(),
        json!({ "do": "response", "body": to_base64(&bytes("token_response")) }).to_string(),
        r#"{"do":"pledge"}"#.to_owned(),
        json!({ "do": "receipt", "body": to_base64(&bytes("receipt")) }).to_string(),
    ];
    seed(seeds, "answers", "participation", "d", whole.join("\n"));
    let recovered = [
        r#"{"do":"campaign"}"#.to_owned(),
        json!({ "do": "recover", "text": text("phrase_words") }).to_string(),
        json!({ "do": "token", "text": to_base64(&bytes("token")) }).to_string(),
        r#"{"do":"pledge"}"#.to_owned(),
        json!({ "do": "problem", "status": 409, "media_type": kind, "body": to_base64(b"{}") }).to_string(),
        json!({ "do": "qr", "text": "A" }).to_string(),
    ];
    seed(seeds, "answers", "second-sitting", "d", recovered.join("\n"));
    seed(seeds, "answers", "shown", "h", "a\u{1b}[2J\u{202e}b\nc");
}

fn folder(seeds: &mut Seeds) {
    for (kind, name, text) in [
        (
            "a",
            "actions",
            "{\"tick\":3,\"organiser\":\"first\",\"did\":\"invites-made\",\"batch\":\"a\",\"count\":5}\n{\"tick\":4,\"organiser\":\"operator\",\"did\":\"closed\"}\n",
        ),
        (
            "b",
            "batches",
            r#"{"next":3,"batches":[{"number":1,"name":"a","maximum":5,"per_tick":null,"expires_tick":null,"revoked":false,"maker":"m"},{"number":2,"name":"b","maximum":7,"per_tick":9,"expires_tick":-7,"revoked":true,"maker":"n"}]}"#,
        ),
        ("e", "email", r#"{"maximum":5,"domains":["*.edu","example.org"],"key_check":"00"}"#),
        ("c", "closing", "7"),
        ("m", "map", tests::wire::MAP),
    ] {
        seed(seeds, "folder", name, kind, text);
    }
    let accounts = json!([{ "name": "first", "roles": ["invites", "announces"], "token_sha256": "a".repeat(64) }]);
    seed(seeds, "folder", "organisers", "o", accounts.to_string());
    let (tick, base) = (9i64.to_be_bytes(), 100u64.to_be_bytes());
    let plan = [&[1], tick.as_slice(), &base, &5u32.to_be_bytes(), &[4, 0, 0, 0, 9]].concat();
    seed(seeds, "folder", "plan", "p", plan);
    let published = json!({ "root": text("log_root"), "manifest_sha256": null, "counts": counts() });
    seed(seeds, "folder", "published", "v", published.to_string());
    let mut runs: Vec<[u8; 32]> = (0u8..5).map(|byte| [byte * 40; 32]).collect();
    runs.sort_unstable();
    seed(seeds, "folder", "spent", "s", runs.concat());
    seed(seeds, "folder", "rows", "r", [&[0, 3, 7][..], &[8; 16], &[0, 200, 0], &[9; 16]].concat());
    seed(seeds, "folder", "archive", "t", archive());
}

/// A tar archive (POSIX 1003.1) of the least that a backup holds.
fn archive() -> Vec<u8> {
    let mut archive = Vec::new();
    for name in ["genesis.json", "places.json", "map.json", "log/checkpoint", "keys/log"] {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        for (at, field) in [(100, "0000600\0"), (108, "0000000\0"), (116, "0000000\0"), (124, "00000000002\0")] {
            header[at..at + field.len()].copy_from_slice(field.as_bytes());
        }
        header[136..148].copy_from_slice(b"00000000000\0");
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend_from_slice(&header);
        archive.extend_from_slice(b"{}");
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}
