//! Everything together, over real HTTP and on a real disk. The table of contents:

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

mod abuse; // D1: malformed input is refused, and nothing is lost or counted
mod announcement; // V2: everybody reads the same announcement, and nobody forges one
mod audit; // V1: anyone can recount, and every tampering is found
mod command_line; // the programs as their users type them, the demo among them
mod delivery; // invites as a table, as cards, on a screen: for whose role it is, and kept nowhere
mod durability; // O2: restarts, lost answers
mod machine; // what the programs need of a machine, and what they do with its memory
mod once; // O1: one invite, at most one token; one token, at most one pledge
mod organisers; // D1, P2, U3: several organisers, their roles, batches and log of actions
mod organisers_page; // the organisers' page: who gets in, and what a role allows
mod organisers_see; // P2: what organisers see follows from what is public
mod overview; // the overview as a browser gets it
mod page; // U2: the registration page, in the log and beside it
mod participant; // N1, U1, V2: what `headcount` sends, shows and keeps when something goes wrong
mod publication; // P1, P2: groups of at least k, and nothing else that depends on what is pending
mod seeds; // where the fuzzer begins: messages as they are today
mod seizure; // U3: what a disk shows between two ticks and after close
mod separation; // U2, N1: one campaign for everybody; token and pledge apart
mod story; // the story told once, from init to the audited close
mod tidy; // the rules of the house
mod wire; // the wire format: the document for strangers and its vectors say what the code says
