//! What the operator is told, on standard error: once a tick, and nothing of a request.

use crate::config;
use protocol::letters::harmless_lines;
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Tells the operator, on standard error, in one line. Nothing of a request is ever in it; and since whoever collects
/// such lines adds the time, a message is told once a tick and not for every request that meets it.
pub(crate) fn tell(message: &impl std::fmt::Display) {
    let message = harmless_lines(&message.to_string());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.len() < config::MESSAGES_PER_TICK_MAX && told.insert(message.clone()) {
        let _ = writeln!(std::io::stderr(), "headcount-server: {message}"); // a closed one must not end a server
    }
}

/// A tick went well: what goes wrong from now on is news again.
pub(crate) fn forget_told() {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
