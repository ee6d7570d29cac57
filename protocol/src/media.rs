//! Media types of the messages (RFC 9578 §8.3, DESIGN §3). This crate knows no HTTP, but it owns the words.

/// A TokenRequest, 259 bytes.
pub const TOKEN_REQUEST: &str = "application/private-token-request";
/// A TokenResponse, 256 bytes.
pub const TOKEN_RESPONSE: &str = "application/private-token-response";
/// The issuer directory, JSON (RFC 9578 §4).
pub const ISSUER_DIRECTORY: &str = "application/private-token-issuer-directory";
/// A Pledge, 68 bytes.
pub const PLEDGE: &str = "application/vnd.headcount.pledge";
/// A Receipt, 64 bytes.
pub const RECEIPT: &str = "application/vnd.headcount.receipt";
/// A refusal (RFC 9457).
pub const PROBLEM: &str = "application/problem+json";
/// JSON.
pub const JSON: &str = "application/json";
