//! What is accepted arrives, over a mail server that is down, slow, strict, or not the right one; and what arrives is the
//! invite of that address, and good for one token.

use crate::post_office::{Campaign, DOMAIN, Mode, link};
use protocol::invite::InviteLink;
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use serde_json::{Value, json};
use tests::Plan;

fn to(mails: &[Value]) -> Vec<String> {
    let mut to: Vec<String> = mails.iter().map(|mail| mail["to"][0].as_str().unwrap().to_owned()).collect();
    to.sort();
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_one_address_gets_one_invite_however_it_is_spelled_and_that_earns_one_token() {
    let (campaign, office) = Campaign::start(100).await;
    for spelling in ["ann@example.org", " Ann@EXAMPLE.org ", "ben@cs.example.edu"] {
        let answer = campaign.ask(spelling).await;
        assert_eq!((answer.status, answer.body.as_slice(), answer.closes), (202, &b"{}"[..], true));
    }
    let mails = office.until(3).await;
    assert_eq!(to(&mails), ["ann@example.org", "ann@example.org", "ben@cs.example.edu"]);
    let of = |to: &str| mails.iter().filter(|mail| mail["to"] == json!([to])).map(link).collect::<Vec<_>>();
    let (ann, ben) = (of("ann@example.org"), of("ben@cs.example.edu"));
    assert!(ann[0] == ann[1] && ann[0] != ben[0]);

    let invite = |text: &str| {
        let link = InviteLink::parse(text).unwrap();
        assert!(link.campaign == campaign.world.campaign.id() && link.base_url == campaign.world.url());
        link.invite.unwrap()
    };
    assert!(campaign.world.obtain(&invite(&ann[0]), &Phrase::generate(&mut rand::rng()), 1).await.is_ok());
    let again = campaign.world.obtain(&invite(&ann[1]), &Phrase::generate(&mut rand::rng()), 1).await;
    assert_eq!(again.err().unwrap().problem(), Some(Problem::InviteUsed));
    campaign.world.register(&invite(&ben[0]), 0).await;
    // after a restart with the same key the same address gets the same
    let Campaign { mut world, folder } = campaign;
    world.restart().await;
    let campaign = Campaign { world, folder };
    campaign.send_over(office.port);
    assert_eq!(campaign.ask("BEN@cs.example.edu").await.status, 202);
    assert_eq!(link(&office.until(4).await[3]), ben[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_says_what_a_link_proves_and_who_sees_it_and_names_no_cause() {
    let (campaign, office) = Campaign::start(100).await;
    campaign.ask("ann@example.org").await;
    let mail = &office.until(1).await[0];
    assert_eq!(
        (&mail["tls"], &mail["login"], &mail["from"]),
        (&json!(true), &json!(true), &json!("post@campaign.example"))
    );
    let names = ["Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version", "Subject", "To"];
    assert_eq!(mail["names"], json!(names));
    assert_eq!(mail["subject"], "The link you asked for / Ссылка, о которой вы просили");
    assert!(mail["date"].as_str().unwrap().contains(":00:00 "), "{}", mail["date"]);
    let text = mail["text"].as_str().unwrap();
    for sentence in ["proves nothing", "eight words", "can see that you asked", "ничего не доказывает"]
    {
        assert!(text.contains(sentence), "{text}");
    }
    let title = campaign.world.campaign.genesis().title.values().any(|title| text.contains(title));
    assert!(!title, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_wait_for_a_server_that_is_down_and_come_when_it_is_up() {
    let (campaign, office) = Campaign::start(100).await;
    let port = office.port;
    drop(office);
    for number in 0..20 {
        assert_eq!(campaign.ask(&format!("p{number}@{DOMAIN}")).await.status, 202);
    }
    let office = campaign.office(port, 100, Mode::Tls);
    assert_eq!(to(&office.until(20).await).len(), 20);
    // it goes away while a connection is open, and comes back
    drop(office);
    for number in 20..40 {
        assert_eq!(campaign.ask(&format!("p{number}@{DOMAIN}")).await.status, 202);
    }
    let office = campaign.office(port, 100, Mode::Tls);
    let mut expected: Vec<String> = (20..40).map(|number| format!("p{number}@{DOMAIN}")).collect();
    expected.sort();
    assert_eq!(to(&office.until(20).await), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_put_off_refused_or_slow_holds_up_nobody_and_hears_the_same() {
    let (campaign, office) = Campaign::start(100).await;
    let mut answers = Vec::new();
    for name in ["grey-a", "gone-b", "slow-c", "d", "gone-e", "f"] {
        answers.push(campaign.ask(&format!("{name}@{DOMAIN}")).await);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.status == 202), "{answers:?}");
    let mails = office.until(4).await;
    assert_eq!(to(&mails), ["d", "f", "grey-a", "slow-c"].map(|name| format!("{name}@{DOMAIN}")));
    assert_eq!(office.tried(&format!("grey-a@{DOMAIN}")), 2);
    assert_eq!(office.tried(&format!("gone-b@{DOMAIN}")), 1, "what is refused for good is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_tls_or_to_a_server_with_anothers_certificate() {
    let (campaign, office) = Campaign::start(100).await;
    let port = office.port;
    drop(office);
    for mode in [Mode::Plain, Mode::Foreign] {
        let wrong = campaign.office(port, 100, mode);
        assert_eq!(campaign.ask("ann@example.org").await.status, 202);
        tokio::time::sleep(std::time::Duration::from_secs(4)).await; // longer than the first pauses
        assert_eq!((wrong.tried("ann@example.org"), wrong.mails().len()), (0, 0));
    }
    let right = campaign.office(port, 100, Mode::Tls);
    assert_eq!(to(&right.until(2).await), ["ann@example.org"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_loses_no_mail() {
    let (campaign, office) = Campaign::start(100).await;
    campaign.world.deployment().begin_email(campaign.settings(office.port, "wrong horse")).unwrap();
    assert_eq!(campaign.ask("ann@example.org").await.status, 202);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(office.mails().len(), 0);
    // the operator starts again with the right one; who asked before asks again
    campaign.send_over(office.port);
    assert_eq!(campaign.ask("ann@example.org").await.status, 202);
    assert_eq!(to(&office.until(1).await), ["ann@example.org"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_gets_three_mails_between_two_ticks_and_the_fourth_is_dropped_unseen() {
    let (campaign, office) = Campaign::start(100).await;
    for _ in 0..5 {
        assert_eq!(campaign.ask("ann@example.org").await.status, 202);
    }
    campaign.ask("ben@example.org").await;
    office.until(4).await;
    campaign.world.tick().await;
    campaign.ask("ann@example.org").await;
    assert_eq!(to(&office.until(5).await).iter().filter(|to| *to == "ann@example.org").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_invites_by_e_mail_stay_within_their_maximum_and_batches_within_the_rest() {
    let campaign = Campaign::with(Plan { eligible: 10, ..Plan::default() }, 2).await;
    let office = campaign.office(0, 100, Mode::Tls);
    campaign.send_over(office.port);
    let over = campaign.world.organise("invites", json!({ "batch": "b", "count": 9 })).await;
    assert_eq!(over.problem(), Some(Problem::Exhausted));
    assert_eq!(campaign.world.invites("b", 8).await.len(), 8);
    for name in ["ann", "ben", "cat"] {
        campaign.ask(&format!("{name}@{DOMAIN}")).await;
    }
    let mails = office.until(3).await;
    let obtain = async |mail: &Value| {
        let invite = InviteLink::parse(&link(mail)).unwrap().invite.unwrap();
        campaign.world.obtain(&invite, &Phrase::generate(&mut rand::rng()), 0).await
    };
    let mut problems = Vec::new();
    for mail in &mails {
        problems.extend(obtain(mail).await.err().map(|answer| answer.problem()));
    }
    assert_eq!(problems, [Some(Problem::Exhausted)], "two of three, whoever comes first");
    // whoever reads somebody's mail cannot tell which two
    for mail in &mails {
        assert_eq!(obtain(mail).await.err().unwrap().problem(), Some(Problem::Exhausted));
    }
}
