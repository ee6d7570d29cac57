//! The organiser's dress rehearsal, as a process against a server as a process: what it measures, proves and finds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

mod finding; // a server that loses pledges is found, an honest one is not
mod refusals; // what is never rehearsed, and how the command ends
mod whole; // hundreds of participants, readers, slow and broken clients, to the closed and audited end
