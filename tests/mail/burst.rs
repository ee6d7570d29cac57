//! More requests than the mail server takes: everything accepted is delivered, the rest was told so before, and pledges
//! are answered as if nothing were.

use crate::post_office::{Campaign, DOMAIN, Mode};
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use protocol::token::Token;
use reqwest::Method;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tests::World;

/// So many requests, evenly over so many seconds, for a mail server that takes so many mails a second.
struct Burst {
    requests: u32,
    seconds: u32,
    rate: u32,
}

/// The answer to one request: accepted, or how many seconds to wait.
async fn ask(world: &World, address: &str) -> Result<(), u64> {
    let body = serde_json::json!({ "email": address }).to_string();
    let request = world.request(Method::POST, "/invite-by-email").header("content-type", "application/json");
    let response = request.body(body).send().await.unwrap();
    let wait = response.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    match response.status().as_u16() {
        202 => Ok(()),
        429 => Err(wait.unwrap()),
        other => panic!("{other}"),
    }
}

/// Pledges one after the other, for as long as requests come; how long each took.
async fn pledges(world: &World, tokens: &[(Phrase, Token)], pause: Duration) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for (phrase, token) in tokens {
        let begin = Instant::now();
        let answer = world.redeem(token, &phrase.secrets(world.campaign.id(), 0).pledge()).await;
        latencies.push(begin.elapsed());
        assert_eq!(answer.status, 201, "{answer:?}");
        tokio::time::sleep(pause).await;
    }
    latencies.sort();
    latencies
}

async fn tokens(world: &World, count: u32) -> Vec<(Phrase, Token)> {
    let mut tokens = Vec::new();
    for invite in world.invites("pledges", count).await {
        let phrase = Phrase::generate(&mut rand::rng());
        let token = world.obtain(&invite, &phrase, 0).await.unwrap();
        tokens.push((phrase, token));
    }
    tokens
}

#[allow(clippy::print_stdout, reason = "latencies are for whoever runs the test")]
async fn run(Burst { requests, seconds, rate }: Burst) {
    let (campaign, office) = Campaign::start(rate).await;
    let world = &campaign.world;
    let (quiet_tokens, tokens) = (tokens(world, 50).await, tokens(world, 50).await);
    let quiet = pledges(world, &quiet_tokens, Duration::from_millis(100)).await; // who comes now and then finds all at rest
    let (mut accepted, mut refused) = (BTreeSet::new(), 0u32);
    let begin = Instant::now();
    let asking = async {
        for number in 0..requests {
            tokio::time::sleep_until((begin + Duration::from_secs(seconds.into()) * number / requests).into()).await;
            let domain = if number % 3 == 0 { format!("d{}.edu", number % 40) } else { DOMAIN.to_owned() };
            let address = format!("p{number}@{domain}");
            match ask(world, &address).await {
                Ok(()) => assert!(accepted.insert(address)),
                Err(wait) => {
                    assert!((1..=600).contains(&wait), "{wait}");
                    refused += 1;
                }
            }
        }
    };
    let pause = Duration::from_secs(seconds.into()) / 60;
    let ((), busy) = tokio::join!(asking, pledges(world, &tokens, pause));
    let took = begin.elapsed();
    assert_eq!(accepted.len() + refused as usize, requests as usize);
    let mails = office.until(accepted.len()).await;
    let delivered: BTreeSet<String> = mails.iter().map(|mail| mail["to"][0].as_str().unwrap().to_owned()).collect();
    assert!(delivered == accepted && mails.len() == accepted.len(), "each that was accepted, once, and no other");
    let at = |all: &[Duration], part: usize| all[all.len() * part / 100];
    println!("{requests} in {took:?}: {} accepted and delivered, {refused} told to wait", accepted.len());
    for (name, all) in [("alone", &quiet), ("meanwhile", &busy)] {
        println!("pledges {name}: p50 {:?}, p90 {:?}, max {:?}", at(all, 50), at(all, 90), all[all.len() - 1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_of_two_thousand_requests_in_thirty_seconds_each_accepted_one_is_delivered_and_pledges_go_on() {
    run(Burst { requests: 2000, seconds: 30, rate: 20 }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten minutes and more: make soak"]
async fn of_fifty_thousand_requests_in_ten_minutes_each_accepted_one_is_delivered_and_pledges_go_on() {
    run(Burst { requests: 50_000, seconds: 600, rate: 50 }).await;
}

/// However fast the machine is: nothing leaves while the mail server is down, so the queue fills.
#[tokio::test(flavor = "multi_thread")]
async fn d1_a_full_queue_says_so_before_it_accepts_and_delivers_all_that_it_accepted() {
    let (campaign, office) = Campaign::start(1000).await;
    let (world, port) = (&campaign.world, office.port);
    drop(office);
    let (mut accepted, mut refused) = (0, 0);
    for number in 0..1040 {
        match ask(world, &format!("p{number}@{DOMAIN}")).await {
            Ok(()) => {
                assert_eq!(refused, 0, "a full queue stays full");
                accepted += 1;
            }
            Err(wait) => {
                assert!(wait >= 60, "{wait}");
                refused += 1;
            }
        }
    }
    assert_eq!((accepted, refused), (1000, 40));
    let refusal = campaign.ask("late@example.org").await;
    assert_eq!((refusal.problem(), refusal.closes), (Some(Problem::RateLimited), true));
    let office = campaign.office(port, 1000, Mode::Tls);
    assert_eq!(office.until(accepted).await.len(), accepted);
    assert_eq!(campaign.ask("late@example.org").await.status, 202, "there is room again");
    office.until(accepted + 1).await;
}
