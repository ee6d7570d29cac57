//! Several organisers share a campaign, each with an account and a token of their own: what each may, what nobody may,
//! and what is kept of them.

use protocol::media;
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use reqwest::Method;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use tests::folders::files;
use tests::programs::{bad, good, program};
use tests::{Answer, START, TICK, World, links, send};

/// Runs `headcount-server organiser` beside the server that serves the world.
fn operate(world: &World, words: &[&str]) -> Output {
    let mut command = Command::new(program("headcount-server"));
    command.arg("organiser").args(words).arg("--data").arg(world.data()).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Makes an account; its token.
fn add(world: &World, name: &str, roles: &str) -> String {
    let said = said(&operate(world, &["add", name, "--role", roles]));
    said.split_whitespace().last().unwrap().to_owned()
}

/// A call of the organisers' API.
async fn call(world: &World, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let url = format!("{}/organiser/{path}", world.organiser_url());
    let request = reqwest::Client::new().request(method.parse::<Method>().unwrap(), url).bearer_auth(token);
    send(match body {
        Some(body) => request.header("content-type", media::JSON).body(body.to_string()),
        None => request,
    })
    .await
}

async fn read(world: &World, token: &str, path: &str) -> Value {
    let answer = call(world, token, "GET", path, None).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

fn invites(batch: &str, count: u32) -> Option<Value> {
    Some(json!({ "batch": batch, "count": count }))
}

fn batch(name: &str) -> Option<Value> {
    Some(json!({ "batch": name }))
}

/// Method, path, body, which of four accounts may, and what they hear.
type Route = (&'static str, &'static str, Option<Value>, [bool; 4], u16);

/// Every route, which accounts may use it, and what they hear: reads, invites, announces, all of it.
fn routes() -> Vec<Route> {
    vec![
        ("GET", "counts", None, [true, true, true, true], 200),
        ("POST", "invites", invites("", 1), [false, true, false, true], 400),
        ("GET", "batches", None, [false, true, true, true], 200),
        ("POST", "batches/revoke", batch("none"), [false, true, true, true], 404),
        ("GET", "actions", None, [false, false, true, true], 200),
        ("POST", "announcement", Some(json!({})), [false, false, true, true], 415),
        ("POST", "close", None, [false, false, true, true], 202),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_no_token_does_what_its_role_does_not_allow() {
    let world = World::start().await;
    let tokens = [
        add(&world, "reader", "reads"),
        add(&world, "anna", "invites"),
        add(&world, "speaker", "announces"),
        world.organiser_token().to_owned(),
    ];
    let table = routes();
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../server/src/organiser.rs")).unwrap();
    let api = source.split("api::").count() - 1;
    assert_eq!(table.len(), api, "a route of the API is not in this table");
    // the refusals first, and nothing came of them; closing comes last
    let before = (read(&world, &tokens[3], "actions").await, read(&world, &tokens[3], "batches").await);
    for (method, path, body, may, _) in &table {
        for (token, may) in tokens.iter().zip(may) {
            if !may {
                let answer = call(&world, token, method, path, body.clone()).await;
                assert_eq!(answer.problem(), Some(Problem::Forbidden), "{method} {path}");
            }
        }
        for stranger in ["", "x", &tokens[0][1..], &tokens[0].to_lowercase()] {
            let answer = call(&world, stranger, method, path, body.clone()).await;
            assert_eq!(answer.problem(), Some(Problem::Unauthorised), "{method} {path}");
        }
    }
    let after = (read(&world, &tokens[3], "actions").await, read(&world, &tokens[3], "batches").await);
    assert_eq!(before, after, "what is refused is not done");
    for (method, path, body, may, status) in table {
        for (token, may) in tokens.iter().zip(may) {
            if may {
                let answer = call(&world, token, method, path, body.clone()).await;
                assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_who_only_hands_out_invites_sees_and_revokes_only_those_he_made() {
    let world = World::start().await;
    let (anna, boris) = (add(&world, "anna", "invites"), add(&world, "boris", "invites"));
    let (lead, first) = (add(&world, "lead", "reads,announces"), world.organiser_token());
    for (token, name) in [(anna.as_str(), "square"), (&boris, "station"), (first, "harbour")] {
        assert_eq!(links(&call(&world, token, "POST", "invites", invites(name, 3)).await).len(), 3);
    }
    let names = async |token: &str| -> Vec<String> {
        let list = read(&world, token, "batches").await;
        let name = |batch: &Value| batch["batch"].as_str().unwrap().to_owned();
        list["batches"].as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(names(&anna).await, ["square"]);
    assert_eq!(names(&boris).await, ["station"]);
    assert_eq!(names(&lead).await, ["square", "station", "harbour"]);
    assert_eq!(names(first).await, ["square", "station", "harbour"]);
    // another's batch can be neither enlarged nor revoked, and to revoke it tells as much as to revoke none
    let taken = call(&world, &boris, "POST", "invites", invites("square", 1)).await;
    assert_eq!(taken.problem(), Some(Problem::Forbidden));
    let others = call(&world, &boris, "POST", "batches/revoke", batch("square")).await;
    assert_eq!(others, call(&world, &boris, "POST", "batches/revoke", batch("none")).await);
    assert_eq!(others.problem(), Some(Problem::NotFound));
    // his own can, and whoever leads can revoke any
    assert_eq!(links(&call(&world, &boris, "POST", "invites", invites("station", 2)).await).len(), 2);
    assert_eq!(call(&world, &boris, "POST", "batches/revoke", batch("station")).await.status, 202);
    assert_eq!(call(&world, &lead, "POST", "batches/revoke", batch("square")).await.status, 202);
    assert_eq!(call(&world, &boris, "POST", "invites", invites("station", 1)).await.problem(), Some(Problem::Closed));
    let list = read(&world, first, "batches").await;
    let expected = |name: &str, maximum: u32, revoked: bool, maker: &str| {
        json!({
            "batch": name, "maximum": maximum, "per_tick": null, "expires_tick": null, "expires": null,
            "revoked": revoked, "maker": maker,
        })
    };
    let all = [
        expected("square", 3, true, "anna"),
        expected("station", 5, true, "boris"),
        expected("harbour", 3, false, "first"),
    ];
    assert_eq!(list, json!({ "batches": all }));
    let actions = read(&world, &lead, "actions").await;
    let did: Vec<String> = actions["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| format!("{} {}", action["organiser"].as_str().unwrap(), action["did"].as_str().unwrap()))
        .collect();
    let added = "operator account-added";
    let made = ["anna invites-made", "boris invites-made", "first invites-made", "boris invites-made"];
    assert_eq!(did, [&[added; 3], &made[..], &["boris batch-revoked", "lead batch-revoked"]].concat());
    assert_eq!(
        actions["actions"][3],
        json!({"tick": 1, "organiser": "anna", "did": "invites-made", "batch": "square", "count": 3})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_nothing_an_organiser_reads_tells_who_used_an_invite() {
    let world = World::start().await;
    let token = world.organiser_token();
    let made = world.invites("square", 20).await;
    let seen = async || {
        let list = call(&world, token, "GET", "batches", None).await;
        (list, call(&world, token, "GET", "actions", None).await, call(&world, token, "GET", "counts", None).await)
    };
    let before = seen().await;
    for invite in &made[..4] {
        world.obtain(invite, &Phrase::generate(&mut rand::rng()), 0).await.unwrap();
        assert_eq!(seen().await, before);
    }
    for invite in &made[4..8] {
        world.register(invite, 1).await;
        assert_eq!(seen().await, before);
    }
    world.tick().await;
    let after = seen().await;
    assert_eq!((&after.0, &after.1), (&before.0, &before.1), "nor does a tick show it");
    // one answer to a revocation, whether invites of the batch were used or not
    world.invites("unused", 20).await;
    let [used, unused] =
        [batch("square"), batch("unused")].map(|body| call(&world, token, "POST", "batches/revoke", body));
    assert_eq!(used.await, unused.await);
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_an_expiry_is_the_end_of_a_tick_and_stays_as_it_was_made() {
    let world = World::start().await;
    let token = world.organiser_token();
    let ask = async |name: &str, expires: Option<u64>| {
        let body = json!({ "batch": name, "count": 1, "expires": expires });
        call(&world, token, "POST", "invites", Some(body)).await
    };
    for (name, expires, tick) in
        [("a", START + 1, 1), ("b", START + TICK, 1), ("c", START + TICK + 1, 2), ("d", START + 10 * TICK, 10)]
    {
        assert_eq!(ask(name, Some(expires)).await.status, 200);
        let list = read(&world, token, "batches").await;
        let last = list["batches"].as_array().unwrap().last().unwrap().clone();
        let end = START + u64::try_from(tick).unwrap() * TICK;
        assert_eq!((&last["expires_tick"], &last["expires"]), (&json!(tick), &json!(end)), "{name}");
    }
    // the same end, in other words or not, lets it grow; another does not
    assert_eq!(ask("a", Some(START + 5)).await.status, 200);
    for other in [None, Some(START + TICK + 1)] {
        assert_eq!(ask("a", other).await.problem(), Some(Problem::Malformed), "{other:?}");
    }
    let [before, beyond] = [START - 3600, START + 10 * TICK + 1].map(|time| ask("e", Some(time)));
    assert_eq!(before.await.problem(), Some(Problem::Malformed));
    assert_eq!(beyond.await.problem(), Some(Problem::Malformed));
    let invite = links(&ask("a", Some(START + 5)).await).remove(0);
    world.set_clock(TICK - 1);
    world.obtain(&invite, &Phrase::generate(&mut rand::rng()), 0).await.unwrap();
    let late = links(&ask("a", Some(START + 5)).await).remove(0);
    world.at(TICK).await;
    let refused = world.obtain(&late, &Phrase::generate(&mut rand::rng()), 0).await.err().unwrap();
    assert_eq!(refused.problem(), Some(Problem::Closed));
    assert_eq!(ask("a", Some(START + 5)).await.problem(), Some(Problem::Closed), "and it does not grow any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_an_account_that_is_removed_opens_nothing_and_no_file_holds_a_token() {
    let mut world = World::start().await;
    let token = add(&world, "anna", "invites,announces");
    assert_eq!(
        said(&operate(&world, &["list"])),
        "first  reads, invites, announces\nanna  reads, invites, announces\n"
    );
    read(&world, &token, "counts").await;
    assert_eq!(links(&call(&world, &token, "POST", "invites", invites("square", 3)).await).len(), 3);
    for name in ["organisers.json", "actions", "attestation/batches.json"] {
        let mode = std::fs::metadata(world.data().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let holds = |needle: &str| files(&world.data()).iter().any(|(_, bytes)| contains(bytes, needle));
    assert!(holds("anna") && holds("square"));
    assert!(!holds(&token) && !holds(world.organiser_token()));
    said(&operate(&world, &["remove", "anna"]));
    let gone = call(&world, &token, "GET", "counts", None).await;
    assert_eq!(gone.problem(), Some(Problem::Unauthorised));
    assert_eq!(read(&world, world.organiser_token(), "batches").await["batches"][0]["maker"], "anna");
    // an account of the same name has another token
    let again = add(&world, "anna", "reads");
    assert_ne!(again, token);
    assert_eq!(call(&world, &token, "GET", "counts", None).await, gone);
    world.restart().await;
    read(&world, &again, "counts").await;
    // at close what organisers did is gone, names of batches and all; whoever may announce still can
    world.organise("close", json!({})).await;
    world.tick().await;
    world.tick().await;
    let holds = |needle: &str| files(&world.data()).iter().any(|(_, bytes)| contains(bytes, needle));
    assert!(!holds("square") && !holds("invites-made") && !holds("account-added"));
    for path in ["actions", "batches"] {
        let answer = call(&world, world.organiser_token(), "GET", path, None).await;
        assert_eq!(answer.problem(), Some(Problem::Closed), "{path}");
    }
    said(&operate(&world, &["remove", "anna"]));
    assert!(!world.data().join("actions").exists(), "and nothing brings the log back");
    assert_eq!(world.announce(world.announcement(1, "Thank you").note).await.status, 202);
    server::check::check(&world.data()).unwrap();
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_token_that_cannot_be_shown_makes_no_account() {
    let world = World::start().await;
    let before = std::fs::read(world.data().join("organisers.json")).unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(program("headcount-server"));
    command.args(["organiser", "add", "anna", "--role", "invites", "--data"]).arg(world.data());
    let output = command.stdout(Stdio::from(full)).output().unwrap();
    assert!(!output.status.success(), "nobody has seen the token");
    assert_eq!(std::fs::read(world.data().join("organisers.json")).unwrap(), before);
    // many at once lose none of each other
    let names: Vec<String> = (0..12).map(|number| format!("organiser-{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| add(&world, name, "reads"));
        }
    });
    let listed = said(&operate(&world, &["list"]));
    assert!(names.iter().all(|name| listed.contains(&format!("{name}  reads\n"))), "{listed}");
    let actions = read(&world, world.organiser_token(), "actions").await;
    assert_eq!(actions["actions"].as_array().unwrap().len(), names.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn organisers_share_a_campaign_from_the_command_line() {
    let world = World::start().await;
    let (anna, first) = (add(&world, "anna", "invites"), world.organiser_token().to_owned());
    let url = world.organiser_url();
    let common = ["--organiser-url", &url, "--token-file", "-"];
    let words = |command: &[&'static str]| -> Vec<String> {
        [&["organiser"], command, &common].concat().into_iter().map(str::to_owned).collect()
    };
    let run = |words: &[String], token: &str| good(&words.iter().map(String::as_str).collect::<Vec<_>>(), token);
    let fail = |words: &[String], token: &str| bad(&words.iter().map(String::as_str).collect::<Vec<_>>(), token);
    tokio::task::block_in_place(|| {
        assert!(run(&words(&["batches"]), &anna).contains("no batches"));
        let made = run(&words(&["invites", "--batch", "square", "--count", "2", "--per-tick", "7"]), &anna);
        assert_eq!(made.lines().filter(|line| line.contains("/join#i=")).count(), 2);
        assert_eq!(run(&words(&["batches"]), &anna), "square: 2 invites by anna, at most 7 per tick\n");
        assert!(fail(&words(&["actions"]), &anna).contains("role does not allow"));
        assert!(fail(&words(&["close", "--yes"]), &anna).contains("role does not allow"));
        assert!(fail(&words(&["revoke", "--batch", "square"]), &anna).contains("--yes"), "nobody is there to be asked");
        run(&words(&["revoke", "--batch", "square", "--yes"]), &anna);
        assert!(run(&words(&["batches"]), &first).contains("REVOKED"));
        let actions = run(&words(&["actions"]), &first);
        assert_eq!(
            actions.lines().skip(1).collect::<Vec<_>>(),
            ["tick 1: anna made 2 invites of the batch square", "tick 1: anna revoked the batch square"]
        );
        let json: Value = serde_json::from_str(&run(&words(&["batches", "--json"]), &first)).unwrap();
        assert_eq!(json["batches"][0]["revoked"], true);
    });
}
