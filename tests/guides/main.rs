//! The guides: every command in them is run, in the order in which it stands there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

mod commands;
mod operator;
mod participant;
mod public_words;
