//! Who asks for what is being written: each thing is written once, and nobody else is held up.

use super::*;
use crate::clock::{Clock, Reading, Timekeeper};
use crate::page::tests::{map, russia};
use protocol::counts::Sums;
use protocol::publication::Area;
use std::path::Path;
use std::time::Duration;

fn board(folder: &Path) -> Arc<Board> {
    let (campaign, schedule) = (Arc::new(russia().clone()), russia().genesis().schedule());
    let wall = schedule.pledges_open + 10;
    let clock = Clock::new(move || Reading { wall, steady: Duration::from_secs(wall) });
    let timeline = Timeline::open(folder, schedule, Timekeeper::new(clock, 7200), 0, false).unwrap();
    Arc::new(Board::new(campaign, Arc::new(timeline), Some(map()), Published::default()))
}

fn published(tick: Tick, number: u64) -> Published {
    let mut sums = Sums::default();
    sums.add(Area::place(7), number);
    Published { tick, sums, log_size: 1 + u64::try_from(tick).unwrap(), ..Published::default() }
}

/// Where the bytes lie: a document that was written once is at one place.
fn at(document: &Document) -> usize {
    document.bytes().as_ptr() as usize
}

#[tokio::test]
async fn d1_writing_a_page_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let board = board(folder.path());
    let (told, order) = (board.counts(), Mutex::new(Vec::new()));
    told.await.unwrap();
    let page = async {
        board.page("en").await.unwrap().unwrap();
        order.lock().unwrap().push("page");
    };
    let picture = async {
        board.picture("en", "europe.png").await.unwrap().unwrap();
        order.lock().unwrap().push("picture");
    };
    let other = async {
        board.counts().await.unwrap();
        order.lock().unwrap().push("counts");
    };
    // there is one async thread: whoever wrote on it would be through before the others began
    tokio::join!(picture, page, other);
    assert_eq!(order.into_inner().unwrap()[0], "counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_ask_for_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let board = board(folder.path());
    let ask = |_| {
        let board = board.clone();
        tokio::spawn(async move {
            let (counts, page) = (board.counts().await.unwrap(), board.page("ru").await.unwrap().unwrap());
            let picture = board.picture("ru", "all.narrow.png").await.unwrap().unwrap();
            [at(&counts), at(&page), at(&picture)]
        })
    };
    let asked: Vec<_> = (0..40).map(ask).collect();
    let mut places = Vec::new();
    for one in asked {
        places.push(one.await.unwrap());
    }
    places.dedup();
    assert_eq!(places.len(), 1);
    assert!(board.page("xx").await.unwrap().is_none() && board.picture("ru", "x.png").await.unwrap().is_none());
}

#[tokio::test]
async fn a_checkpoint_shows_at_once_and_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let board = board(folder.path());
    let mut seen = Vec::new();
    for (tick, number) in [(1, 4321), (2, 4321), (3, 8765)] {
        board.show(published(tick, number));
        let counts: Counts = serde_json::from_slice(board.counts().await.unwrap().bytes()).unwrap();
        assert_eq!((counts.tick, counts.total), (tick, number));
        let page = board.page("en").await.unwrap().unwrap();
        let html = String::from_utf8(page.bytes().to_vec()).unwrap();
        assert!(html.contains(&format!("id=\"count\">{},{:03}<", number / 1000, number % 1000)), "{number}");
        assert!(html.contains(&format!("id=\"last-tick\">24 March 2021, {:02}:00", 9 + tick)), "{tick}");
        let picture = board.picture("en", "all.png").await.unwrap().unwrap();
        seen.push((at(&page), picture.bytes().to_vec()));
        assert_eq!(at(&page), at(&board.page("en").await.unwrap().unwrap()), "it is kept");
    }
    assert_eq!(seen[0].1, seen[1].1, "one circle, whatever the tick");
}
