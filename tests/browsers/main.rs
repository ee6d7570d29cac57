//! The pages in real browsers: Debian's Chromium, and Debian's Firefox with the preferences of Tor Browser's levels.
//! `make setup-browsers` and `make page` come first; what is missing fails its tests. Pictures of every state go to
//! `target/browsers/pictures`, with an index for people to leaf through.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

mod by_email; // the form for an invite by e-mail
mod cards; // invites on paper and on a screen, read back
mod driving; // drivers for Node, and which of them run alone
mod join; // registrations to their end, in each browser and level
mod life; // a campaign by the programs alone
mod mishaps; // what breaks once counts once
mod mistakes; // what is mistyped, foreign, used or closed
mod organisers; // the organisers' page
mod overview; // the overview, without script and with, and where SVG is off too
mod reproduction; // the page built again, in another folder
mod server; // a campaign of an organiser's own
mod sittings; // token and pledge apart
mod speed; // how long blinding takes on a slow device
mod weight; // what the overview weighs
mod whole_life; // from the organiser's key to the site that stays
mod yard; // a demo with the page, other people, the log
