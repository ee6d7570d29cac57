//! U1 as an experiment: hostile issuer and origin, with all they see and all they keep, try to name each invite's pledge.
//! A table of contents; each test prints its table (`cargo test -p tests --test linking -- --nocapture`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]
#![allow(clippy::print_stdout, reason = "the tables are the result")]

mod adversary; // the attacks, and the best guess from all of them
mod arrival; // what the order of arrival would add
mod experiment; // U1: the real client, the faulty ones, the stores before a tick, arrival
mod faulty; // clients as they must not be
mod observation; // what issuer and origin see
mod population; // who takes part, and how
mod scoring; // guesses against the truth, and against chance
