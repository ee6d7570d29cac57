use super::*;
use crate::store::tests_support::{copy_dir, files, names, sha256};

const NAME: &str = "origin.example/00";

fn signer() -> NoteSigner {
    NoteSigner::new(NAME, &[1; 32])
}

fn verifier() -> NoteVerifier {
    NoteVerifier::new(NAME, &signer().public_key()).unwrap()
}

/// Entry `number`: of a size that varies from 2 to 600 bytes.
fn entry(number: u64) -> Vec<u8> {
    let seed = sha256("entry", usize::try_from(number).unwrap());
    let size = 2 + usize::from(seed[0]) * usize::from(seed[1]) % 599;
    seed.iter().copied().cycle().take(size).collect()
}

fn entries(from: u64, count: u64) -> Vec<Vec<u8>> {
    (from..from + count).map(entry).collect()
}

/// What the whole tree of `size` entries is, computed elsewhere.
fn tree(size: u64) -> TileTree {
    let mut tree = TileTree::new();
    for number in 0..size {
        tree.push(leaf_hash(&entry(number)));
    }
    tree
}

fn grow(log: &mut LogStore, count: u64) {
    let size = log.reader().size();
    let head = log.append(size, &entries(size, count)).unwrap();
    log.sign(size, head, &signer()).unwrap();
}

/// A log of the entries `0..size`.
fn log_of(dir: &Path, size: u64) -> LogStore {
    let mut log = LogStore::create(dir, &entry(0), &signer()).unwrap();
    if size > 1 {
        grow(&mut log, size - 1);
    }
    log
}

fn all_entries(reader: &LogReader, from: u64, to: u64) -> Vec<(u64, Vec<u8>)> {
    let mut seen = Vec::new();
    let visited = reader.entries(from, to, |index, entry| {
        seen.push((index, entry.to_vec()));
        Ok::<(), StoreError>(())
    });
    visited.unwrap();
    seen
}

#[test]
fn after_many_appends_roots_tiles_and_entries_are_those_of_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = LogStore::create(dir.path(), &entry(0), &signer()).unwrap();
    let mut reader = log.reader().clone();
    for count in [1, 3, 250, 1, 1, 255, 256, 257, 7, 2000, 513, 1, 63_000, 5] {
        grow(&mut log, count);
        let size = reader.size();
        let tree = tree(size);
        assert_eq!(reader.head(), tree.head());
        assert_eq!(TreeHead::open(&reader.checkpoint(), &verifier()), Ok(tree.head()));
        for tile in tree.partial_tiles() {
            assert_eq!(reader.tile(tile.name).unwrap(), Some(tile.bytes));
        }
        let from = size.saturating_sub(700);
        assert!(all_entries(&reader, from, size).into_iter().eq((from..size).map(|index| (index, entry(index)))));
        log = LogStore::open(dir.path(), &verifier()).unwrap();
        reader = log.reader().clone();
        assert_eq!(reader.head(), tree.head(), "restored");
    }
    let mut full = TileTree::new();
    for number in 0..reader.size() {
        for tile in full.push(leaf_hash(&entry(number))) {
            assert!(reader.tile(tile.name).unwrap() == Some(tile.bytes));
        }
    }
    for name in TileName::all(reader.size()) {
        assert!(dir.path().join(name.path()).is_file(), "{}", name.path());
    }
    grow(&mut log, 1);
    assert!(!dir.path().join("tile/0/000.p").exists(), "superseded partial tiles go");
}

#[test]
fn nothing_beyond_the_signed_size_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = log_of(dir.path(), 10);
    let reader = log.reader().clone();
    log.append(10, &entries(10, 300)).unwrap();
    let beyond = [(None, 0, 11), (None, 0, 256), (Some(0), 0, 11), (Some(0), 1, 54), (Some(1), 0, 1), (Some(9), 0, 1)];
    let name = |(level, index, width)| TileName { level, index, width };
    for tile in beyond.map(name) {
        assert_eq!(reader.tile(tile).unwrap(), None, "{}", tile.path());
    }
    assert!(reader.entries(0, 11, |_, _| Ok::<(), StoreError>(())).is_err());
    let within = reader.tile(name((Some(0), 0, 10))).unwrap().unwrap();
    assert_eq!(within, tree(10).partial_tiles()[0].bytes);
    for odd in [name((Some(0), 0, 0)), name((None, u64::MAX, 1)), name((Some(255), 0, 1))] {
        assert_eq!(reader.tile(odd).unwrap(), None);
    }
}

#[test]
fn a_reader_with_an_older_checkpoint_gets_its_narrower_tiles() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = log_of(dir.path(), 10);
    let reader = log.reader().clone();
    let (bundle, tile) = [None, Some(0)].map(|level| TileName { level, index: 0, width: 10 }).into();
    let before = [bundle, tile].map(|name| reader.tile(name).unwrap().unwrap());
    for count in [1, 100, 300] {
        grow(&mut log, count);
        assert!([bundle, tile].map(|name| reader.tile(name).unwrap().unwrap()) == before);
    }
    assert!(!dir.path().join(bundle.path()).exists() || dir.path().join("tile/entries/000").exists());
}

#[test]
fn a_crash_between_append_and_sign_is_repaired_by_repeating_or_by_another_append() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("log");
    let mut log = log_of(&dir, 250);
    let planned = log.append(250, &entries(250, 600)).unwrap();
    fs::write(dir.join("tile/entries/003.p").join("250"), b"torn").unwrap();
    fs::write(dir.join("checkpoint.tmp"), b"torn").unwrap();
    let repeated = temp.path().join("repeated");
    let other = temp.path().join("other");
    copy_dir(&dir, &repeated);
    copy_dir(&dir, &other);

    let mut log = LogStore::open(&repeated, &verifier()).unwrap();
    assert_eq!(log.reader().size(), 250);
    assert_eq!(log.append(250, &entries(250, 600)).unwrap(), planned);
    log.sign(250, planned, &signer()).unwrap();
    assert_eq!(log.reader().head(), tree(850).head());

    // entries of another plan: what the first left must not show through, now or when the log grows beyond it
    let mut log = LogStore::open(&other, &verifier()).unwrap();
    let announcement = vec![b"\x03another".to_vec()];
    let head = log.append(250, &announcement).unwrap();
    log.sign(250, head, &signer()).unwrap();
    assert_eq!(all_entries(log.reader(), 250, 251)[0].1, announcement[0]);
    assert!(!other.join("tile/entries/003.p").exists() && !other.join("tile/0/001").exists());
    let head = log.append(251, &entries(251, 700)).unwrap();
    log.sign(251, head, &signer()).unwrap();
    let mut expected = tree(250);
    expected.push(leaf_hash(&announcement[0]));
    (251..951).for_each(|number| drop(expected.push(leaf_hash(&entry(number)))));
    assert_eq!(LogStore::open(&other, &verifier()).unwrap().reader().head(), expected.head());
}

/// A log that stays open looks only at the files that it wrote itself.
#[test]
fn the_same_files_are_there_whether_the_log_was_opened_for_each_append_or_once() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut open = log_of(one.path(), 1);
    drop(log_of(other.path(), 1));
    let all = |dir: &Path| {
        let name = |file: PathBuf| file.strip_prefix(dir).unwrap().to_owned();
        files(dir).into_iter().map(name).collect::<BTreeSet<_>>()
    };
    for (turn, count) in [3, 200, 52, 1, 255, 256, 700, 2, 65_000, 5].into_iter().enumerate() {
        let mut opened = LogStore::open(other.path(), &verifier()).unwrap();
        for log in [&mut open, &mut opened] {
            let size = log.reader().size();
            if turn % 2 == 1 {
                log.append(size, &entries(size, count + 300)).unwrap(); // never signed
            }
            grow(log, count);
        }
        assert_eq!(all(one.path()), all(other.path()), "turn {turn}");
    }
}

#[test]
fn a_finished_append_and_sign_can_be_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = log_of(dir.path(), 20);
    grow(&mut log, 30);
    let mut log = LogStore::open(dir.path(), &verifier()).unwrap();
    let checkpoint = log.reader().checkpoint();
    let head = log.append(20, &entries(20, 30)).unwrap();
    log.sign(20, head, &signer()).unwrap();
    assert_eq!(log.reader().checkpoint(), checkpoint);
    for (at, count) in [(20, 29), (20, 31), (21, 28), (49, 2), (51, 1), (60, 0), (20, 0)] {
        assert!(matches!(log.append(at, &entries(at, count)), Err(StoreError::Refused(_))), "{at} {count}");
    }
    let mut changed = entries(20, 30);
    changed[17][0] ^= 1;
    assert!(matches!(log.append(20, &changed), Err(StoreError::Refused(_))));
    assert!(matches!(log.append(50, &[vec![0; 65_536]]), Err(StoreError::Refused(_))));
    grow(&mut log, 5);
    assert_eq!(log.reader().head(), tree(55).head());
}

#[test]
fn signing_is_compare_and_set() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = log_of(dir.path(), 20);
    let old = fs::read(dir.path().join(CHECKPOINT)).unwrap();
    let refused = |log: &mut LogStore, previous, head| {
        let before = log.reader().head();
        assert!(matches!(log.sign(previous, head, &signer()), Err(StoreError::Refused(_))));
        assert_eq!(log.reader().head(), before);
    };
    refused(&mut log, 20, tree(21).head()); // nothing was appended
    let head = log.append(20, &entries(20, 5)).unwrap();
    refused(&mut log, 19, head);
    refused(&mut log, 25, head);
    refused(&mut log, 20, tree(24).head());
    // another publisher was here
    let foreign = tree(22).head().sign(&signer()).unwrap();
    fs::write(dir.path().join(CHECKPOINT), &foreign).unwrap();
    refused(&mut log, 20, head);
    fs::remove_file(dir.path().join(CHECKPOINT)).unwrap();
    refused(&mut log, 20, head);
    // the checkpoint was renamed, and then the sync of the directory failed
    fs::write(dir.path().join(CHECKPOINT), head.sign(&signer()).unwrap()).unwrap();
    log.sign(20, head, &signer()).unwrap();
    assert_eq!(log.reader().head(), head);
    // an older checkpoint put back: nothing is touched, in either step
    let next = log.append(25, &entries(25, 5)).unwrap();
    fs::write(dir.path().join(CHECKPOINT), old).unwrap();
    refused(&mut log, 25, next);
    let tile = dir.path().join("tile/0/000.p/30");
    fs::remove_file(&tile).unwrap();
    assert!(matches!(log.append(25, &entries(25, 5)), Err(StoreError::Refused(_))));
    assert!(!tile.exists());
}

#[test]
fn a_log_that_does_not_fit_its_checkpoint_does_not_open() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("log");
    drop(log_of(&dir, 300));
    let spoilt = |name: &str, spoil: &dyn Fn(&Path)| {
        let copy = temp.path().join(name);
        copy_dir(&dir, &copy);
        spoil(&copy);
        assert!(LogStore::open(&copy, &verifier()).is_err(), "{name}");
    };
    let flip = |path: PathBuf| {
        let mut bytes = fs::read(&path).unwrap();
        bytes[10] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    spoilt("checkpoint", &|dir| flip(dir.join(CHECKPOINT)));
    spoilt("no checkpoint", &|dir| fs::remove_file(dir.join(CHECKPOINT)).unwrap());
    spoilt("tile", &|dir| flip(dir.join("tile/0/001.p/44")));
    spoilt("upper tile", &|dir| flip(dir.join("tile/1/000.p/1")));
    spoilt("no tile", &|dir| fs::remove_file(dir.join("tile/0/001.p/44")).unwrap());
    spoilt("bundle", &|dir| flip(dir.join("tile/entries/001.p/44")));
    spoilt("torn bundle", &|dir| fs::write(dir.join("tile/entries/001.p/44"), b"\x00\x09x").unwrap());
    for name in [CHECKPOINT, "tile/0/001.p/44", "tile/entries/001.p/44"] {
        // somebody else's log may be a trap for whoever restores from it
        spoilt(&format!("endless {}", name.replace('/', " ")), &|dir| {
            fs::remove_file(dir.join(name)).unwrap();
            std::os::unix::fs::symlink("/dev/zero", dir.join(name)).unwrap();
        });
    }
    let other = NoteVerifier::new(NAME, &NoteSigner::new(NAME, &[2; 32]).public_key()).unwrap();
    assert!(LogStore::open(&dir, &other).is_err());
    assert!(LogStore::open(&dir, &verifier()).is_ok());
}

#[test]
fn a_log_is_created_once_and_a_crash_in_between_is_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let mut unsigned = LogStore::new(dir.path(), TileTree::new(), Vec::new());
    unsigned.append(0, &entries(7, 3)).unwrap();
    let log = LogStore::create(dir.path(), &entry(0), &signer()).unwrap();
    assert_eq!(log.reader().head(), tree(1).head());
    assert_eq!(names(&dir.path().join("tile/entries/000.p")), ["1"]);
    assert!(matches!(LogStore::create(dir.path(), &entry(0), &signer()), Err(StoreError::Refused(_))));
}

#[test]
fn readers_see_whole_tiles_while_the_log_grows() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = log_of(dir.path(), 5);
    let reader = log.reader().clone();
    let reading = std::thread::spawn(move || {
        let mut last = 0;
        while last < 2000 {
            let size = reader.size();
            assert!(size >= last);
            last = size;
            let bundle = bundle_name(size.max(1));
            let bytes = reader.tile(bundle).unwrap().unwrap();
            assert_eq!(read_entries(&bytes, u64::from(bundle.width)).unwrap().len(), bundle.width as usize);
        }
    });
    while log.reader().size() < 2000 {
        grow(&mut log, 37);
    }
    reading.join().unwrap();
}
