//! The hand that holds the secret: what a participant, an auditor and an organiser do, as functions.
//!
//! START HERE. A participation, in the order of its steps:
//! [`campaign::fetch`] (checks everything that a campaign id pins) → [`participation::Issuer::find`] →
//! [`participation::prepare`] → [`participation::obtain`] → a while later, over another connection,
//! [`participation::redeem`]. [`audit::audit`] recounts a log; [`own_entry::Published::find`] looks for one's own in it.
//!
//! This library prints nothing, stores nothing, and contacts no address but the one it was told (`transport`).

pub mod address;
pub mod audit;
pub mod campaign;
pub mod error;
pub mod log_reader;
pub mod organiser;
pub mod own_entry;
pub mod participation;
pub mod place_choice;
pub mod private_file;
pub mod rehearsal;
pub mod transport;

#[cfg(test)]
mod stand_in;
