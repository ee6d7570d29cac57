//! The words of Headcount: what can be said, and what each word proves.
//!
//! START HERE. One participation, in the types of this crate (RFC 9576 names the roles):
//!
//! 1. The Client reads a [`campaign::Campaign`]; having one proves that genesis, key and places fit the campaign id.
//! 2. A [`phrase::Phrase`] and a place give [`phrase::Secrets`]: a [`pledge::Pledge`], and the blinding.
//! 3. [`issuance::TokenRequest::new`] blinds the pledge's [`pledge::Nonce`] and leaves an [`issuance::PendingToken`].
//! 4. The Attester recognises an [`invite::Invite`]; the Issuer answers with an [`issuance::TokenResponse`].
//! 5. [`issuance::PendingToken::finalize`] consumes it and gives a verified [`token::Token`].
//! 6. Later, over another road, the Origin opens the token with the pledge, verifies it, and holds a
//!    [`token::VerifiedToken`], the only thing that a store will count; it answers with a [`receipt`].
//! 7. At a tick [`publication::decide`] says which pledges become public, as [`entry::Entry`]s of the log.
//! 8. Anybody reads the log with a [`recount::Recount`], which applies [`publication::follows`].
//!
//! This crate does no I/O, reads no clock, and has no randomness of its own: time and generators are arguments.
//! The registration page has no use for log and campaign files: WebAssembly is built without them.
//! What can be wrong is an [`error::Error`]; what a server may say of it is a [`problem::Problem`].

#[cfg(not(target_arch = "wasm32"))]
pub mod announcement;
pub mod auth_scheme;
mod blind_rsa;
pub mod campaign;
#[cfg(not(target_arch = "wasm32"))]
pub mod campaign_file;
pub mod challenge;
pub mod codec;
#[cfg(not(target_arch = "wasm32"))]
pub mod counts;
pub mod date;
pub mod directory;
#[cfg(not(target_arch = "wasm32"))]
pub mod email;
pub mod entry;
pub mod error;
pub mod invite;
pub mod issuance;
pub mod keys;
#[cfg(not(target_arch = "wasm32"))]
pub mod letters;
pub mod media;
#[cfg(not(target_arch = "wasm32"))]
pub mod note;
pub mod page_manifest;
pub mod page_policy;
pub mod phrase;
pub mod pledge;
pub mod problem;
pub mod publication;
pub mod receipt;
#[cfg(not(target_arch = "wasm32"))]
pub mod recount;
#[cfg(not(target_arch = "wasm32"))]
pub mod tile;
pub mod token;
#[cfg(not(target_arch = "wasm32"))]
mod verifier;
