//! A server to be asked anything: a world of the end-to-end tests with people in it, and what may never come back.

use crate::script::{Names, contains};
use axum::http::{HeaderMap, StatusCode, header};
use protocol::auth_scheme::token_header;
use protocol::invite::Invite;
use protocol::media;
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use protocol::token::Token;
use serde_json::Value;
use server::config::{ORGANISERS_MAX, SESSIONS_PER_ACCOUNT_MAX};
use server::organisers::Role;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use tests::visitor::Visitor;
use tests::{Plan, World};
use tokio::runtime::Runtime;

/// Names of a batch and of an account, which only organisers may see.
pub const BATCH: &str = "secret-batch";
/// See [`BATCH`].
pub const ACCOUNT: &str = "secret-account";
const PLACE: u32 = 1;

/// The server, with what its inputs may use.
pub struct Stage {
    /// What it runs in.
    pub runtime: Runtime,
    /// The server.
    pub world: World,
    /// What stands for the names in braces.
    pub names: Mutex<Names>,
    sessions: Mutex<VecDeque<Vec<u8>>>,
    invites: Vec<Invite>,
    token: Token,
    /// Which TokenRequest each invite was used for, as far as answers said so.
    issued: Mutex<BTreeMap<usize, Vec<u8>>>,
    counted: Mutex<u32>,
}

impl Stage {
    /// A campaign that is open, with room for few invites, so that what inputs do comes to an end.
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (world, invites, token, names) = runtime.block_on(prepare());
        let first = names["cookie"].splitn(2, |byte| *byte == b'=').nth(1).expect("a session").to_vec();
        let sessions = Mutex::new(VecDeque::from([first]));
        let (names, issued, counted) = (Mutex::new(names), Mutex::default(), Mutex::new(0));
        Self { runtime, world, names, sessions, invites, token, issued, counted }
    }

    /// Bytes that open something at the organisers' listener: the tokens, and every session that can still be open.
    pub fn credentials(&self) -> Vec<Vec<u8>> {
        let names = self.names.lock().expect("no panic");
        let tokens = ["organiser", "staff", "reader"].iter().filter_map(|name| names.get(name));
        tokens.chain(self.sessions.lock().expect("no panic").iter()).cloned().collect()
    }

    /// Takes the cookie of an answer, as browsers do, so that later requests can send it.
    pub fn keep_cookie(&self, headers: &HeaderMap) {
        let cookie = headers.get(header::SET_COOKIE).and_then(|value| value.to_str().ok()?.split(';').next());
        if let Some(pair) = cookie.filter(|pair| !pair.ends_with('=')) {
            self.names.lock().expect("no panic").insert("cookie", pair.as_bytes().to_vec());
            let mut sessions = self.sessions.lock().expect("no panic");
            sessions.push_back(pair.split('=').nth(1).unwrap_or_default().as_bytes().to_vec());
            if sessions.len() > ORGANISERS_MAX * SESSIONS_PER_ACCOUNT_MAX {
                sessions.pop_front();
            }
        }
    }

    /// A TokenRequest was answered: with which invite, or that none of ours was shown.
    pub fn issued(&self, authorization: &[u8], request: &[u8]) {
        let code =
            std::str::from_utf8(authorization).ok().and_then(|value| value.split_once(' ')).map(|(_, code)| code);
        let invite = code.and_then(|code| Invite::parse(code).ok()).expect("a token was issued without an invite");
        let known = self.invites.iter().position(|one| *one == invite);
        let Some(known) = known else { return }; // made by an organiser in an input
        let mut issued = self.issued.lock().expect("no panic");
        let first = issued.entry(known).or_insert_with(|| request.to_vec());
        assert_eq!(first, request, "an invite was used for two requests");
    }

    /// A pledge was counted, now or before.
    pub fn counted(&self, now: bool, authorization: &[u8], body: &[u8]) {
        let names = self.names.lock().expect("no panic");
        let spelled = token_header(&self.token);
        let spelled = spelled.split('"').nth(1).expect("a quoted token").trim_end_matches('=');
        assert!(contains(authorization, spelled.as_bytes()), "a pledge was counted without the token");
        assert_eq!(body, names["pledge"], "a token was counted for another opening");
        let mut counted = self.counted.lock().expect("no panic");
        *counted += u32::from(now);
        assert!(*counted <= 1, "a pledge was counted twice");
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

async fn prepare() -> (World, Vec<Invite>, Token, Names) {
    let world = World::with(Plan { eligible: 60, email: Some(EMAIL.to_owned()), ..Plan::default() }).await;
    let invites = world.invites(BATCH, 20).await;
    let (staff, reader) = (world.account(ACCOUNT, &[Role::Invites]), world.account("reader", &[]));
    let (spender, asker) = (Phrase::from_bytes([1; 16]), Phrase::from_bytes([2; 16]));
    let token = world.obtain(&invites[0], &spender, PLACE).await.expect("a token");
    let pledge = spender.secrets(world.campaign.id(), PLACE).pledge();
    let (request, _) = world.token_request(&asker, PLACE);
    let visitor = Visitor::signed_in(&world, world.organiser_token()).await;
    let mut names = Names::from([
        ("organiser", world.organiser_token().as_bytes().to_vec()),
        ("staff", staff.into_bytes()),
        ("reader", reader.into_bytes()),
        ("cookie", visitor.cookie().expect("a session").as_bytes().to_vec()),
        ("host", world.organiser_url().trim_start_matches("http://").as_bytes().to_vec()),
        ("token", token_header(&token).into_bytes()),
        ("pledge", pledge.encode().to_vec()),
        ("request", request.encode().to_vec()),
        ("announcement", world.announcement(1, "Saturday at noon.").note.into_bytes()),
    ]);
    for (name, invite) in ["code0", "code1", "code2", "code3"].into_iter().zip(&invites[1..]) {
        names.insert(name, invite.code().as_bytes().to_vec());
    }
    (world, invites[1..].to_vec(), token, names)
}

/// Statuses that any answer may have. There is no 500 among them.
const STATUSES: [u16; 18] = [200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 503];

/// Demands of an answer what every answer has, and of a refusal that it is one of the closed set. `page` says that the
/// organisers' page may tell it in its own way.
pub fn demand_answer(status: StatusCode, headers: &HeaderMap, body: Option<&[u8]>, page: bool) {
    let status = status.as_u16();
    let shown = || format!("{status} {headers:?} {}", String::from_utf8_lossy(body.unwrap_or_default()));
    assert!(STATUSES.contains(&status), "{}", shown());
    for name in ["x-content-type-options", "referrer-policy", "cross-origin-resource-policy"] {
        assert!(headers.contains_key(name), "no {name}: {}", shown());
    }
    for name in ["date", "server", "x-powered-by", "last-modified"] {
        assert!(!headers.contains_key(name), "{name}: {}", shown());
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if status < 400 || (page && kind.starts_with("text/html")) {
        assert!(kind != media::PROBLEM, "{}", shown());
        return;
    }
    assert_eq!(kind, media::PROBLEM, "{}", shown());
    let Some(body) = body else { return };
    let said: Value = serde_json::from_slice(body).expect("a problem is JSON");
    let problem = said["type"].as_str().and_then(Problem::from_urn);
    let problem = problem.unwrap_or_else(|| panic!("not of the closed set: {}", shown()));
    let expected = if status == 422 { Problem::Malformed.status() } else { status };
    assert_eq!((problem.status(), &said["status"]), (expected, &Value::from(status)), "{}", shown());
    let waits = matches!(problem, Problem::RateLimited | Problem::Unavailable);
    assert_eq!(headers.contains_key(header::RETRY_AFTER), waits, "{}", shown());
    let authenticates = matches!(problem, Problem::TokenInvalid | Problem::InviteUnknown | Problem::Unauthorised);
    assert_eq!(headers.contains_key(header::WWW_AUTHENTICATE), authenticates, "{}", shown());
}

/// Invites by e-mail are on, but nobody gave the key: what is asked for is read and refused.
const EMAIL: &str = "maximum = 10\ndomains = [\"example.org\"]\n";
