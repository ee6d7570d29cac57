//! O2 with real processes: `headcount-server serve` is killed with kill -9 under load, at random moments and inside each
//! step of a tick and of the close, and its system refuses it what it asks of the disk; then every acknowledged pledge and
//! every issued token must be there, once.
//!
//! kill -9 ends a process and leaves what it wrote to the kernel, synced or not. So nothing here shows what a power cut
//! takes: that a sync is missing or comes too late would not show.

#![allow(missing_docs, reason = "a test binary has no reader of its documentation but its source")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

mod accounts; // what the log holds, against what was acknowledged
mod calls; // strace: the calls by which a tick changes its folder, death before one of them, or its refusal
mod campaign; // a campaign by `headcount-server init`, on the machine's clock
mod closing; // the organiser's close, cut off while it is written down
mod crowd; // participants at once, who remember what they were told
mod failures; // calls that the system refuses either store
mod moments; // death at random moments
mod pages; // a changed registration page, cut off while it is copied and entered in the log
mod process; // the server as a process
mod raid; // a raid under load, of a server that does not answer, and cut off
mod restore; // a lost folder, brought back from a backup and the public log
mod steps; // death inside each step of a tick and of the close
