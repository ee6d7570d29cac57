//! The guides: every command in them is run, in the order in which it stands there.

mod commands;
mod participant;
