//! Every message in every state of a campaign: one table of what is answered, driven through two whole campaigns, one
//! that an organiser closes while tokens are still issued and one where issuing ends first.

use crate::victim::{Victim, asks, pledges};
use crate::wire::{Message, Wire};
use protocol::auth_scheme::token_header;
use protocol::media;
use protocol::phrase::Phrase;
use protocol::problem::Problem::{
    self, Closed, InviteUnknown, InviteUsed, Malformed, NotFound, NotOpen, PledgeMismatch, TokenInvalid, TooLarge,
    Unauthorised, UnsupportedMediaType,
};
use tests::{Plan, TICK, World};

/// The states of DESIGN §5, and the end of issuing, which comes before any of them but the last two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Before,
    Collecting,
    Open,
    IssuingOver,
    Closing,
    Closed,
}

impl Stage {
    pub(crate) const ALL: [Self; 6] =
        [Self::Before, Self::Collecting, Self::Open, Self::IssuingOver, Self::Closing, Self::Closed];
}

/// Half a tick more than whole ticks, so that no tick ends at the opening and there is a time before it.
const COLLECTING: u64 = TICK + TICK / 2;

/// Takes a campaign through its states and shows each to `look`. With `issuing_ends`, all six; else all but
/// `IssuingOver`, and `Closing` while tokens are issued.
pub(crate) async fn drive(issuing_ends: bool, mut look: impl AsyncFnMut(&World, Stage, &Cast)) {
    let issuing = issuing_ends.then_some(COLLECTING + 3 * TICK);
    let page = tests::bundle::folder("page");
    let page = Some(page.path().to_owned());
    let world = World::with(Plan { collecting: COLLECTING, issuing, page, ..Plan::default() }).await;
    let cast = Cast::of(&world).await;
    world.set_clock_before(100);
    look(&world, Stage::Before, &cast).await;
    world.at(0).await;
    look(&world, Stage::Collecting, &cast).await;
    world.at(COLLECTING + 10).await;
    look(&world, Stage::Open, &cast).await;
    if issuing_ends {
        world.at(COLLECTING + 3 * TICK + 10).await;
        look(&world, Stage::IssuingOver, &cast).await;
    }
    assert_eq!(world.organise("close", serde_json::json!({})).await.status, 202);
    look(&world, Stage::Closing, &cast).await;
    world.tick().await; // the one under way; the next is the closing one
    world.tick().await;
    look(&world, Stage::Closed, &cast).await;
}

/// Who speaks in every state: a victim, and for each stage an invite and a token of its own.
pub(crate) struct Cast {
    victim: Victim,
    foreign: Victim,
    requests: Vec<Message>,
    pledges: Vec<Message>,
}

impl Cast {
    async fn of(world: &World) -> Self {
        let elsewhere = World::start().await;
        let (victim, foreign) = (Victim::of(world).await, Victim::of(&elsewhere).await);
        world.invites("revoked", 1).await;
        let (mut requests, mut spends) = (Vec::new(), Vec::new());
        for invite in world.invites("cast", 6).await {
            let (request, _) = world.token_request(&Phrase::generate(&mut rand::rng()), 0);
            requests.push(asks(&invite.code(), request.encode()));
        }
        for invite in world.invites("cast", 6).await {
            let phrase = Phrase::generate(&mut rand::rng());
            let token = world.obtain(&invite, &phrase, 0).await.unwrap();
            let pledge = phrase.secrets(world.campaign.id(), 0).pledge();
            spends.push(pledges(token_header(&token), pledge.encode()));
        }
        Self { victim, foreign, requests, pledges: spends }
    }
}

/// What a stage makes of a message: a refusal, or a status below 400.
type Answered = (u16, Option<Problem>);

/// One row: a message, and its answers before, collecting, open, after issuing, closing (still issuing, then not), closed.
type Row = (&'static str, Message, [Answered; 7]);

const fn no(status: u16, problem: Problem) -> Answered {
    (status, Some(problem))
}

const fn yes(status: u16) -> Answered {
    (status, None)
}

const EARLY: Answered = no(403, NotOpen);
const LATE: Answered = no(410, Closed);

/// What the Issuer looks at: refused early and late, else so.
const fn issuing(open: Answered) -> [Answered; 7] {
    [EARLY, open, open, LATE, open, LATE, LATE]
}

/// What the Origin looks at.
const fn pledging(open: Answered) -> [Answered; 7] {
    [EARLY, EARLY, open, open, open, open, LATE]
}

/// What comes before the state.
const fn always(answer: Answered) -> [Answered; 7] {
    [answer; 7]
}

fn public_rows(stage: usize, cast: &Cast) -> Vec<Row> {
    let Victim { invite, request, token, pledge, .. } = &cast.victim;
    let (code, request, pledge) = (invite.code(), request.encode(), pledge.encode());
    let forged = "0000-0000-0000-0000-0000-0000-0000-0000";
    let header = token_header(token);
    let typed = |message: Message| {
        let mut message = message;
        message.headers.retain(|(name, _)| name != "content-type");
        message.with("content-type", "text/plain")
    };
    let bare = Message::new("POST", "/pledges").with("content-type", "text/plain").body(vec![0; 1000]);
    let mut other = pledge;
    other[3] ^= 1;
    let repeat = [EARLY, yes(200), yes(200), yes(200), yes(200), yes(200), LATE];
    let again = [EARLY, EARLY, yes(200), yes(200), yes(200), yes(200), LATE];
    let used = cast.requests[Stage::Collecting as usize].headers[0].1.clone();
    let used_otherwise = Message::new("POST", "/token-request").with("authorization", used);
    let used_otherwise = used_otherwise.with("content-type", media::TOKEN_REQUEST).body(request);
    vec![
        ("request of another type", typed(asks(forged, request)), always(no(415, UnsupportedMediaType))),
        ("request too large", asks(forged, vec![0; 260]), always(no(413, TooLarge))),
        ("request without a good code", asks(forged, request), issuing(no(401, InviteUnknown))),
        ("malformed request with a bad code", asks(forged, vec![0; 3]), issuing(no(401, InviteUnknown))),
        ("malformed request", asks(&code, vec![0; 259]), issuing(no(422, Malformed))),
        ("good request", cast.requests[stage].clone(), issuing(yes(200))),
        ("repeated request", cast.requests[Stage::Collecting as usize].clone(), repeat),
        ("used invite", used_otherwise, issuing(no(409, InviteUsed))),
        ("pledge without a token", bare, always(no(401, TokenInvalid))),
        ("pledge of another type", typed(pledges("x", pledge)), always(no(415, UnsupportedMediaType))),
        ("pledge too large", pledges("x", vec![0; 69]), always(no(413, TooLarge))),
        ("malformed token", pledges("PrivateToken token=\"AA==\"", pledge), pledging(no(400, Malformed))),
        ("malformed pledge", pledges(&*header, vec![0; 67]), pledging(no(400, Malformed))),
        ("another place", pledges(&*header, other), pledging(no(400, PledgeMismatch))),
        ("foreign token", cast.foreign.pledges(), pledging(no(401, TokenInvalid))),
        ("good pledge", cast.pledges[stage].clone(), pledging(yes(201))),
        ("repeated pledge", cast.pledges[Stage::Open as usize].clone(), again),
    ]
}

fn organiser_rows(world: &World) -> Vec<Row> {
    let bearer = format!("Bearer {}", world.organiser_token());
    let to = |path: &str, authorization: &str, media_type: &str, body: &str| {
        let post = Message::new("POST", &format!("/organiser/{path}")).with("authorization", authorization);
        post.with("content-type", media_type).body(body)
    };
    let invites = |body: &str| to("invites", &bearer, media::JSON, body);
    let (good, note) = ("{\"batch\":\"cast\",\"count\":1}", "text/plain; charset=utf-8");
    let making = |open: Answered| [open, open, open, LATE, open, LATE, LATE];
    let counts = Message::new("GET", "/organiser/counts");
    let own = |path: &str| Message::new("GET", path).with("authorization", bearer.as_str());
    let revoke = |body: &str| to("batches/revoke", &bearer, media::JSON, body);
    let until_close = |open: Answered| [open, open, open, open, open, open, LATE];
    let stranger = always(no(401, Unauthorised));
    let announced = world.announcement(1, "Hello").note;
    let mut rows = vec![
        ("counts", counts.clone().with("authorization", bearer.as_str()), always(yes(200))),
        ("a stranger's counts", counts.with("authorization", "Bearer x"), stranger),
        ("batches", own("/organiser/batches"), until_close(yes(200))),
        ("actions", own("/organiser/actions"), until_close(yes(200))),
        ("revoking a batch", revoke("{\"batch\":\"revoked\"}"), until_close(yes(202))),
        ("revoking no batch", revoke("{\"batch\":\"none\"}"), until_close(no(404, NotFound))),
        ("malformed revoking", revoke("[\"cast\"]"), until_close(no(400, Malformed))),
        ("revoking of another type", to("batches/revoke", &bearer, note, good), always(no(415, UnsupportedMediaType))),
        ("too many bytes for revoking", revoke(&" ".repeat(4097)), always(no(413, TooLarge))),
        ("invites of a revoked batch", invites("{\"batch\":\"revoked\",\"count\":1}"), always(LATE)),
        ("invites", invites(good), making(yes(200))),
        ("malformed invites", invites("{}"), making(no(400, Malformed))),
        ("invites of another type", to("invites", &bearer, note, good), always(no(415, UnsupportedMediaType))),
        ("too many bytes for invites", invites(&" ".repeat(4097)), always(no(413, TooLarge))),
        ("malformed announcement", to("announcement", &bearer, note, "x"), always(no(400, Malformed))),
        (
            "announcement of another type",
            to("announcement", &bearer, media::JSON, "x"),
            always(no(415, UnsupportedMediaType)),
        ),
        (
            "too large an announcement",
            to("announcement", &bearer, note, &"x".repeat(70_000)),
            always(no(413, TooLarge)),
        ),
        ("announcement", to("announcement", &bearer, note, &announced), always(yes(202))),
    ];
    for path in ["invites", "announcement", "close", "batches/revoke"] {
        rows.push(("a stranger", to(path, "Bearer x", "x", &"x".repeat(5000)), stranger));
    }
    rows
}

async fn judge(world: &World, stage: Stage, cast: &Cast, issues: bool) {
    let column = match stage {
        Stage::Closing if !issues => 5,
        Stage::Closed => 6,
        stage => stage as usize,
    };
    let (mut public, mut organiser) = (Wire::public(world), Wire::organiser(world));
    let rows = public_rows(stage as usize, cast).into_iter().map(|row| (true, row));
    for (to_public, (what, message, answers)) in rows.chain(organiser_rows(world).into_iter().map(|row| (false, row))) {
        let reply = if to_public { public.send(&message).await } else { organiser.send(&message).await };
        let (status, problem) = answers[column];
        assert_eq!(reply.status, status, "{what}, {stage:?}: {reply:?}");
        assert_eq!((reply.status >= 400).then(|| reply.refusal().1), problem, "{what}, {stage:?}");
    }
    let state = match stage {
        Stage::IssuingOver => "open".to_owned(),
        stage => format!("{stage:?}").to_lowercase(),
    };
    let counts: serde_json::Value = serde_json::from_slice(&world.get("/counts.json").await.body).unwrap();
    assert_eq!(counts["state"], state);
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_every_message_gets_the_answer_of_its_state() {
    for issuing_ends in [true, false] {
        let mut seen = Vec::new();
        drive(issuing_ends, async |world, stage, cast| {
            judge(world, stage, cast, !issuing_ends).await;
            seen.push(stage);
        })
        .await;
        assert_eq!(seen.len(), if issuing_ends { 6 } else { 5 });
    }
}
