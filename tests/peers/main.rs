//! Others judge: programs and libraries that nobody here wrote take part in a campaign, or take a published one apart.
//! `make setup-peers` installs them; a peer that is missing fails its tests, which never pass by leaving it out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

mod foreign; // foreign programs as processes
mod fronts; // nginx and Caddy as install sets them up: what they keep, and what they pass on
mod machine; // systemd and Tor judge what install writes for them; what the unit forbids is never needed
mod nginx; // nginx as a cache in front of a crowd
mod privacypass_rs; // Rust: crate privacypass, client, issuer and origin of RFC 9578
mod privacypass_ts; // Node: @cloudflare/privacypass-ts, client, issuer and origin, over HTTP
mod published; // a published campaign as files, to be taken apart
mod python_cryptography; // Python: every published pledge as a plain RSASSA-PSS signature
mod second_client; // Python: a Client written from protocol/WIRE.md alone
mod site; // nginx as the server of files that carries a closed campaign on
mod sumdb; // Go: golang.org/x/mod/sumdb, checkpoint, tree and sums
mod tlog_scales; // Python: tlog-scales, the tree once more, by a library of another family
