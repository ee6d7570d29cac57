use super::*;
use rand::SeedableRng;
use std::collections::BTreeSet;

fn make(path: &str, file: FileId) -> Op {
    Op::Create { path: path.into(), file }
}

fn mkdir(path: &str) -> Op {
    Op::MakeDir { path: path.into() }
}

fn write(file: FileId, offset: u64, bytes: &[u8]) -> Op {
    Op::Write { file, offset, bytes: bytes.to_vec() }
}

fn sync(file: FileId) -> Op {
    Op::SyncFile { file }
}

fn sync_dir(path: &str) -> Op {
    Op::SyncDir { path: path.into() }
}

fn rename(from: &str, to: &str) -> Op {
    Op::Rename { from: from.into(), to: to.into() }
}

fn unlink(path: &str) -> Op {
    Op::Unlink { path: path.into() }
}

/// An image in short: `name=bytes` for each file, `name/` for each directory.
fn shown(image: &Image) -> String {
    let nodes = image.0.iter().map(|(path, node)| match node {
        None => format!("{}/", path.display()),
        Some(bytes) => format!("{}={}", path.display(), String::from_utf8_lossy(bytes).replace('\0', ".")),
    });
    nodes.collect::<Vec<_>>().join(" ")
}

/// All that a power cut was seen to leave, in 400 tries.
fn left(ops: &[Op]) -> BTreeSet<String> {
    let mut rng = StdRng::seed_from_u64(5);
    (0..400).map(|_| shown(&image(ops, Cut::Power(&mut rng)))).collect()
}

fn set<const N: usize>(images: [&str; N]) -> BTreeSet<String> {
    images.map(str::to_owned).into()
}

#[test]
fn kill_leaves_everything_and_what_was_synced_survives_every_cut() {
    let ops = [mkdir("d"), make("d/a", 1), write(1, 0, b"one"), sync(1), sync_dir("d"), sync_dir("")];
    assert_eq!(shown(&image(&ops[..3], Cut::Everything)), "d/ d/a=one");
    for cut in [Cut::Everything, Cut::OnlySynced, Cut::NamesWithoutData, Cut::DataWithoutNames] {
        assert_eq!(shown(&image(&ops, cut)), "d/ d/a=one");
    }
    assert_eq!(left(&ops), set(["d/ d/a=one"]));
}

#[test]
fn a_new_name_without_a_sync_of_its_directory_may_vanish_although_the_file_was_synced() {
    let ops = [make("a", 1), write(1, 0, b"one"), sync(1)];
    assert_eq!(left(&ops), set(["", "a=one"]));
    assert_eq!(shown(&image(&ops, Cut::OnlySynced)), "");
    assert_eq!(shown(&image(&ops, Cut::NamesWithoutData)), "a=one");
}

#[test]
fn a_directory_whose_own_name_was_lost_is_lost_with_all_in_it() {
    let ops = [mkdir("d"), make("d/a", 1), write(1, 0, b"one"), sync(1), sync_dir("d")];
    assert_eq!(left(&ops), set(["", "d/ d/a=one"]));
}

#[test]
fn a_rename_without_a_sync_of_the_file_may_leave_it_empty_under_the_new_name() {
    let old = [make("a", 1), write(1, 0, b"old"), sync(1), sync_dir("")];
    let new = [make("a.tmp", 2), write(2, 0, b"new"), rename("a.tmp", "a"), sync_dir("")];
    let ops = [old, new].concat();
    // of one sector the length may come without the bytes
    assert_eq!(left(&ops), set(["a=", "a=...", "a=new"]));
    assert_eq!(shown(&image(&ops, Cut::NamesWithoutData)), "a=");
    assert_eq!(shown(&image(&ops, Cut::OnlySynced)), "a=");
}

#[test]
fn a_rename_without_a_sync_of_the_directory_may_leave_the_old_one() {
    let old = [make("a", 1), write(1, 0, b"old"), sync(1), sync_dir("")];
    let new = [make("a.tmp", 2), write(2, 0, b"new"), sync(2), rename("a.tmp", "a")];
    let ops = [&old[..], &new].concat();
    assert_eq!(left(&ops), set(["a=old", "a=new", "a=old a.tmp=new"]));
    let right = [&ops[..], &[sync_dir("")]].concat();
    assert_eq!(left(&right), set(["a=new"]), "as it ought to be done");
}

#[test]
fn a_file_overwritten_in_place_may_be_neither_the_old_nor_the_new_one() {
    let old = [make("a", 1), write(1, 0, b"old"), sync(1), sync_dir("")];
    let new = [Op::SetLen { file: 1, len: 0 }, write(1, 0, b"newer"), sync(1)];
    let ops = [&old[..], &new].concat();
    let seen = left(&ops[..6]);
    for expected in ["a=old", "a=", "a=newer", "a=old..", "a=new", "a=....."] {
        assert!(seen.contains(expected), "{expected} is missing in {seen:?}");
    }
    assert_eq!(left(&ops), set(["a=newer"]));
}

#[test]
fn unsynced_writes_survive_in_any_order_and_are_torn_at_every_sector() {
    let (old, new) = (vec![b'o'; 4 * SECTOR], vec![b'n'; 4 * SECTOR]);
    let ops = [make("a", 1), write(1, 0, &old), sync(1), sync_dir(""), write(1, 0, &new), write(1, 700, b"later")];
    let mut rng = StdRng::seed_from_u64(6);
    let (mut seen, mut later_alone) = (BTreeSet::new(), false);
    for _ in 0..2000 {
        let Image(nodes) = image(&ops, Cut::Power(&mut rng));
        let bytes = nodes[Path::new("a")].as_ref().unwrap();
        assert_eq!(bytes.len(), 4 * SECTOR);
        let sectors: Vec<u8> = bytes.chunks(SECTOR).map(|sector| sector[0]).collect();
        for (sector, head) in bytes.chunks(SECTOR).zip(&sectors) {
            assert!(sector.iter().all(|byte| byte == head || b"later".contains(byte)), "a sector is whole");
        }
        later_alone |= &bytes[700..705] == b"later" && sectors == *b"onoo";
        seen.insert(sectors);
    }
    assert_eq!(seen.len(), 16, "every sector by itself");
    assert!(later_alone);
}

#[test]
fn an_append_may_leave_its_length_without_its_bytes_and_a_truncation_may_be_undone() {
    let ops = [make("a", 1), write(1, 0, b"ab"), sync(1), sync_dir(""), write(1, 1024, b"cd")];
    let seen = left(&ops);
    let zeros = |bytes: usize| ".".repeat(bytes);
    for expected in ["a=ab".to_owned(), format!("a=ab{}", zeros(1024)), format!("a=ab{}cd", zeros(1022))] {
        assert!(seen.contains(&expected), "{expected}");
    }
    assert_eq!(seen.len(), 3);
    let ops = [&ops[..], &[sync(1), Op::SetLen { file: 1, len: 1 }]].concat();
    assert!(left(&ops).contains("a=a") && left(&ops).contains(&format!("a=ab{}cd", zeros(1022))));
    let ops = [&ops[..], &[sync(1)]].concat();
    assert_eq!(left(&ops), set(["a=a"]));
}

#[test]
fn a_log_that_trusts_its_length_finds_a_record_that_was_never_written() {
    // the classical mistake of a log without checksums: two records, one sync after the first only
    let ops = [make("log", 1), sync_dir(""), write(1, 0, &[b'1'; SECTOR]), sync(1), write(1, 512, &[b'2'; SECTOR])];
    let seen: BTreeSet<String> =
        left(&ops).iter().map(|image| image.chars().skip(4).step_by(SECTOR).collect()).collect();
    assert_eq!(seen, set(["1", "1.", "12"]));
}

#[test]
fn names_survive_in_any_order_but_a_file_never_has_two() {
    let ops = [make("a", 1), sync_dir(""), rename("a", "b"), rename("b", "c"), make("d", 2)];
    let seen = left(&ops);
    assert_eq!(seen, set(["a=", "b=", "c=", "a= d=", "b= d=", "c= d="]));
    let ops = [make("a", 1), make("b", 2), sync_dir(""), unlink("a"), rename("b", "a")];
    assert_eq!(left(&ops), set(["a= b=", "b=", "a="]));
}

#[test]
fn a_deletion_without_a_sync_may_come_back_and_a_renamed_directory_keeps_what_is_in_it() {
    let made = [mkdir("new"), make("new/a", 1), write(1, 0, b"one"), sync(1), sync_dir("new"), sync_dir("")];
    let ops = [&made[..], &[rename("new", "old"), make("old/b", 2), unlink("old/a")]].concat();
    assert!(left(&ops).is_superset(&set(["new/ new/a=one", "old/", "old/ old/b=", "new/ new/b="])));
    let gone = [unlink("old/b"), Op::RemoveDir { path: "old".into() }];
    let ops = [&ops[..], &gone].concat();
    assert!(left(&ops).is_superset(&set(["", "new/ new/a=one", "old/"])));
    assert_eq!(left(&[&ops[..], &[sync_dir("")]].concat()), set([""]));
}

#[test]
fn an_image_can_be_written_to_a_folder_and_gone_on_with() {
    let ops = [mkdir("d"), make("d/a", 1), write(1, 0, b"one"), make("b", 2)];
    let left = image(&ops, Cut::Everything);
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("image");
    left.write_to(&dir);
    assert_eq!(fs::read(dir.join("d/a")).unwrap(), b"one");
    assert_eq!(fs::read(dir.join("b")).unwrap(), b"");
    let mut disk = Disk::from_image(&left);
    assert!(disk.image(Cut::OnlySynced) == left, "after a cut all that is there is on the disk");
    let file = disk.file_at(Path::new("d/a")).unwrap();
    disk.apply(&write(file, 3, b"two"));
    assert_eq!(shown(&disk.image(Cut::Everything)), "b= d/ d/a=onetwo");
    assert_eq!(shown(&disk.image(Cut::OnlySynced)), "b= d/ d/a=one");
    assert!(disk.is_dir(Path::new("d")) && !disk.is_dir(Path::new("b")) && disk.file_at(Path::new("c")).is_none());
    assert_eq!((disk.len(file), disk.next_file()), (6, file.max(disk.file_at(Path::new("b")).unwrap()) + 1));
}
