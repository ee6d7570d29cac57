//! The hand that holds the secret: what a participant, an auditor and an organiser do, as functions.
//!
//! START HERE. A participation, in the order of its steps:
//! [`campaign::fetch`] (checks everything that a campaign id pins) → [`participation::Issuer::find`] →
//! [`participation::prepare`] → [`participation::obtain`] → a while later, over another connection,
//! [`participation::redeem`]. [`audit::audit`] recounts a log; [`own_entry::Published::find`] looks for one's own in it.
//!
//! This library prints nothing, stores nothing but what it is told to keep, and contacts no address but the one it was told (`transport`).

pub mod answer;
pub mod campaign;
pub mod door;
pub mod error;
pub mod participation;
pub mod place_choice;
pub mod typed;

#[cfg(not(target_arch = "wasm32"))]
pub mod address;
#[cfg(not(target_arch = "wasm32"))]
pub mod audit;
#[cfg(not(target_arch = "wasm32"))]
pub mod by_email;
#[cfg(not(target_arch = "wasm32"))]
pub mod log_reader;
#[cfg(not(target_arch = "wasm32"))]
pub mod mirror;
#[cfg(not(target_arch = "wasm32"))]
pub mod organiser;
#[cfg(not(target_arch = "wasm32"))]
pub mod own_entry;
#[cfg(not(target_arch = "wasm32"))]
pub mod private_file;
#[cfg(not(target_arch = "wasm32"))]
pub mod rehearsal;
#[cfg(not(target_arch = "wasm32"))]
pub mod transport;

#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(test)]
mod stand_in;
