//! D1 by hostile input over real HTTP: whatever is sent, the answer is of the closed set, nothing is lost or counted, and
//! no store is touched before the checks that come first. The table of contents:

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

mod answers; // headers of every kind of answer; nothing pending shows
mod cross_origin; // an issuer under another name: whose page may ask it
mod delivery; // forms and JSON for tables, cards and screens
mod endpoints; // every path and method
mod floods; // every attack that we know, on a real process, while others take part
mod framing; // lengths, chunks, versions, targets
mod header_values; // content types and authorizations
mod organisers; // invites, announcements, close
mod pledges; // tokens and openings
mod randomness; // properties: whatever comes
mod slowness; // silent and dripping connections
mod states; // every message in every state
mod stillness; // nothing changed: files as they were, stores out of reach
mod token_requests; // TokenRequests and invite codes
mod victim; // whose messages are imitated, and who must lose nothing
mod wire; // HTTP by hand
