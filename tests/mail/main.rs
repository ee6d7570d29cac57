//! Invites by e-mail, over a real mail server with STARTTLS and a login: the table of contents.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

mod answers;
mod burst;
mod delivery;
mod post_office;
mod programs;
mod secrecy;
