//! V2: everybody reads the same announcement, and a seized server cannot make one.

use protocol::announcement::Announcement;
use protocol::campaign::Text;
use protocol::problem::Problem;
use tests::World;

#[tokio::test(flavor = "multi_thread")]
async fn v2_one_announcement_and_no_forged_one() {
    let mut world = World::start().await;
    let first = world.announcement(1, "At noon");
    assert_eq!(world.announce(first.note.clone()).await.status, 202);
    assert_eq!(world.announce(first.note.clone()).await.status, 202, "a lost answer is asked for again");

    // whoever has the server has all of its keys, and none of them signs an announcement
    let another = World::start().await;
    let text = Text::from([("en".to_owned(), "Stay at home".to_owned())]);
    for key in ["log", "receipt", "invite"] {
        let seed: [u8; 32] = std::fs::read(world.data().join("keys").join(key)).unwrap().try_into().unwrap();
        assert!(Announcement::sign(&world.campaign, &seed, 2, None, text.clone()).is_err(), "{key}");
    }
    let second = world.announcement(2, "At one").note;
    let forgeries = [
        another.announcement(2, "of another campaign").note,
        second.replace("At one", "At two"),
        second.replace("\n2\n", "\n3\n"),
        second.split("\n\n").next().unwrap().to_owned() + "\n",
        String::new(),
        world.announcement(1, "another first").note,
        world.announcement(3, "one left out").note,
    ];
    for forgery in forgeries {
        assert_eq!(world.announce(forgery.clone()).await.problem(), Some(Problem::Malformed), "{forgery}");
    }
    assert_eq!(world.counts().await.announcement, Some(first));
    assert_eq!(world.announce(second.clone()).await.status, 202);

    // the same for everybody, on the page, in the numbers, in the log, and after a restart
    world.restart().await;
    assert_eq!(world.counts().await.announcement.unwrap().note, second);
    assert!(String::from_utf8(world.get("/en/").await.body).unwrap().contains("At one"));
    assert_eq!(world.audit().await.unwrap().head.size, 3);
}
