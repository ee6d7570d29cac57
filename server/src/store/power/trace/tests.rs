use super::super::{Cut, image};
use super::*;

/// strace's lines for a root `/r` and answers in `/told`; what stands in «» is put in hexadecimal as strace does.
fn read(lines: &str) -> Vec<Op> {
    let mut text = String::new();
    for (index, part) in lines.split(['«', '»']).enumerate() {
        text += &if index % 2 == 1 { hex(Path::new(part)) } else { part.to_owned() };
    }
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    parse(&lines.join("\n"), Path::new("/r"), Path::new("/told"), &Disk::default())
}

fn fails(lines: &str) -> bool {
    std::panic::catch_unwind(|| read(lines)).is_err()
}

const MADE: &str = r#"1 openat(AT_FDCWD<«/»>, "«/r/a»", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 3<«/r/a»>
    "#;

#[test]
fn calls_become_what_they_did() {
    let lines = r#"1 mkdir("«/r/d»", 0700) = 0
        1 mkdir("«/r/d»", 0700) = -1 EEXIST (File exists)
        1 openat(AT_FDCWD<«/»>, "«/r/d/a»", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0600) = 4<«/r/d/a»>
        1 write(4<«/r/d/a»>, "«hello»", 5) = 3
        1 fcntl(4<«/r/d/a»>, F_DUPFD_CLOEXEC, 0) = 5<«/r/d/a»>
        1 writev(5<«/r/d/a»>, [{iov_base="«lo»", iov_len=2}, {iov_base="«!»", iov_len=1}], 2) = 3
        1 pwrite64(4<«/r/d/a»>, "«J»", 1, 0) = 1
        1 lseek(5<«/r/d/a»>, 9, SEEK_SET) = 9
        1 write(4<«/r/d/a»>, "«x»", 1) = 1
        1 sync_file_range(4<«/r/d/a»>, 0, 9, SYNC_FILE_RANGE_WRITE) = 0
        1 fdatasync(4<«/r/d/a»>) = 0
        1 ftruncate(4<«/r/d/a»>, 4) = 0
        1 close(4<«/r/d/a»>) = 0
        1 openat(AT_FDCWD<«/»>, "«/told»", O_WRONLY|O_APPEND) = 4<«/told»>
        1 write(4<«/told»>, "«yes»", 3) = 3
        1 rename("«/r/d/a»", "«/r/d/b»") = 0
        1 openat(AT_FDCWD<«/»>, "«/r/d»", O_RDONLY|O_CLOEXEC) = 6<«/r/d»>
        1 fsync(6<«/r/d»>) = 0
        1 unlinkat(6<«/r/d»>, "«b»", 0) = 0
        1 write(1<«/somewhere»>, "«other»", 5) = 5
        1 rmdir("«/r/d»") = 0
        1 fsync(6<«/r/d»>(deleted)) = 0"#;
    let write = |offset, bytes: &[u8]| Op::Write { file: 1, offset, bytes: bytes.to_vec() };
    let expected = [
        Op::MakeDir { path: "d".into() },
        Op::Create { path: "d/a".into(), file: 1 },
        write(0, b"hel"),
        write(3, b"lo!"),
        write(0, b"J"),
        write(9, b"x"),
        Op::SyncFile { file: 1 },
        Op::SetLen { file: 1, len: 4 },
        Op::Told("yes".to_owned()),
        Op::Rename { from: "d/a".into(), to: "d/b".into() },
        Op::SyncDir { path: "d".into() },
        Op::Unlink { path: "d/b".into() },
        Op::RemoveDir { path: "d".into() },
    ];
    assert_eq!(read(lines), expected);
}

#[test]
fn a_sync_covers_only_what_had_returned_when_it_began() {
    let lines = MADE.to_owned()
        + r#"1 write(3<«/r/a»>, "«one»", 3) = 3
        2 pwrite64(3<«/r/a»>, "«two»", 3, 3 <unfinished ...>
        1 fdatasync(3<«/r/a»> <unfinished ...>
        2 <... pwrite64 resumed>) = 3
        1 <... fdatasync resumed>) = 0
        1 openat(AT_FDCWD<«/»>, "«/r»", O_RDONLY) = 4<«/r»>
        1 fsync(4<«/r»>) = 0"#;
    let left = image(&read(&lines), Cut::OnlySynced);
    assert_eq!(left.0[Path::new("a")].as_deref(), Some(b"one".as_slice()));
}

#[test]
fn a_descriptor_is_free_from_the_beginning_of_its_closing() {
    let lines = MADE.to_owned()
        + r#"1 close(3<«/r/a»> <unfinished ...>
        2 openat(AT_FDCWD<«/»>, "«/r/b»", O_RDWR|O_CREAT, 0666) = 3<«/r/b»>
        1 <... close resumed>) = 0
        2 write(3<«/r/b»>, "«b»", 1) = 1"#;
    assert_eq!(read(&lines)[2], Op::Write { file: 2, offset: 0, bytes: b"b".to_vec() });
}

#[test]
fn what_cannot_be_followed_fails_the_recording() {
    assert!(!fails(MADE));
    for line in [
        "1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3<«/r/a»>, 0) = 0x7f0000000000",
        "1 io_uring_setup(8, {flags=0}) = 5<«anon_inode:[io_uring]»>",
        "1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 77",
        "1 fallocate(3<«/r/a»>, 0, 0, 4096) = 0",
        "1 link(\"«/r/a»\", \"«/r/b»\") = 0",
        "1 fsync(3<«/r/a»>) = -1 EIO (Input/output error)",
        "1 write(3<«/r/a»>, \"«x»\", 1) = -1 ENOSPC (No space left on device)",
        "1 write(3<«/r/a»>, \"«x»\"..., 9) = 9",
        "1 renameat2(AT_FDCWD<«/»>, \"«/r/a»\", AT_FDCWD<«/»>, \"«/r/b»\", RENAME_EXCHANGE) = 0",
    ] {
        assert!(fails(&(MADE.to_owned() + line)), "{line}");
    }
    let elsewhere = "1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 9<«/elsewhere»>, 0) = 0x7f0000000000";
    assert!(!fails(elsewhere));
}
