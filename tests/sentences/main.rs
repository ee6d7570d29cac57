//! What the two programs say of everything that can go wrong: one plain sentence with what to do, a failing exit code,
//! nothing that looks like success, and nothing secret. The table of contents:

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

mod answers; // what a server can answer, at each command
mod arguments; // what a participant or an organiser can mistype
mod campaign_file; // what can be wrong in a campaign file
mod folders; // what can be wrong with a server's folders, ports and files
mod init; // a campaign that is looked at, warned of, made and told
mod judge; // what a good sentence is
mod keeping; // what stops a backup, a restore, a mirror or a raid
mod pages; // registration pages that cannot be served
mod stage; // a campaign, and a server in front of it that misbehaves when it is told to
