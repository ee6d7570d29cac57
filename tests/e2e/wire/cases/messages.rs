//! Cases of issuance and redemption: TokenRequest, TokenResponse, Token with Pledge, challenge, receipt.

use super::Cases;
use crate::wire::vectors::Vectors;
use protocol::codec::{to_base64, to_hex};
use protocol::media;
use protocol::problem::Problem;
use serde_json::{Value, json};

pub(super) fn put(cases: &mut Cases<'_>, vectors: &Vectors) {
    requests(cases, vectors);
    responses(cases, vectors);
    headers(cases, vectors);
    redemptions(cases, vectors);
    challenges(cases, vectors);
    receipts(cases, vectors);
    answers(cases);
}

/// The modulus, big endian.
fn modulus(vectors: &Vectors) -> Vec<u8> {
    vectors.campaign().genesis().token_key[81..337].to_vec()
}

/// The bytes with the last one higher or lower, which carries nowhere as long as the last is neither 0 nor 255.
fn beside(number: &[u8], step: i16) -> Vec<u8> {
    let mut out = number.to_vec();
    let last = out.last_mut().unwrap();
    *last = u8::try_from(i16::from(*last) + step).unwrap();
    out
}

fn flipped(bytes: &[u8], index: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out[index] ^= 1;
    out
}

fn requests(cases: &mut Cases<'_>, vectors: &Vectors) {
    let good = vectors.bytes("token_request");
    let n = modulus(vectors);
    let mut put = |what: &str, bytes: &[u8], verdict: &str| cases.put("token-request", what, to_hex(bytes), verdict);
    put("of the vectors", &good, "good");
    put("of the vectors, drawn twice", &vectors.bytes("redrawn_token_request"), "good");
    let with = |number: &[u8]| [&good[..3], number].concat();
    let small = |last: u8| [vec![0; 255], vec![last]].concat();
    put("the least number that is signed, 2", &with(&small(2)), "good");
    put("the largest, n - 2", &with(&beside(&n, -2)), "good");
    put("nothing", &[], "malformed");
    put("a byte less", &good[..258], "malformed");
    put("a byte more", &[&good[..], &[0]].concat(), "too-large");
    put("type 0x0001", &[&[0, 1], &good[2..]].concat(), "malformed");
    put("another key id", &flipped(&good, 2), "malformed");
    for (what, number) in [
        ("the number 0", small(0)),
        ("the number 1", small(1)),
        ("n - 1", beside(&n, -1)),
        ("n", n.clone()),
        ("n + 1", beside(&n, 1)),
        ("2^2048 - 1", vec![0xff; 256]),
    ] {
        put(what, &with(&number), "malformed");
    }
}

fn responses(cases: &mut Cases<'_>, vectors: &Vectors) {
    let good = vectors.bytes("token_response");
    cases.good("token-response", "of the vectors", to_hex(&good));
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("a byte less", good[1..].to_vec()),
        ("a byte more", [&good[..], &[0]].concat()),
        ("a flipped bit", flipped(&good, 200)),
        ("zeros", vec![0; 256]),
        ("n", modulus(vectors)),
        ("the blinded message itself", vectors.bytes("token_request")[3..].to_vec()),
        ("the signature, not blinded", vectors.bytes("token")[98..].to_vec()),
    ] {
        cases.refused("token-response", what, to_hex(&bytes));
    }
}

fn redemption(authorization: impl Into<Value>, body: &[u8]) -> Value {
    json!({ "authorization": authorization.into(), "body": to_hex(body) })
}

fn headers(cases: &mut Cases<'_>, vectors: &Vectors) {
    let (token, body) = (to_base64(&vectors.bytes("token")), vectors.bytes("pledge"));
    for (what, header) in [
        ("as it is written", format!("PrivateToken token=\"{token}\"")),
        ("without quotes", format!("PrivateToken token={token}")),
        ("the scheme in lower case", format!("privatetoken token=\"{token}\"")),
    ] {
        cases.good("redemption", what, redemption(header, &body));
    }
    for (what, header) in [
        ("the scheme alone", "PrivateToken".to_owned()),
        ("another scheme", format!("Bearer {token}")),
        ("the token without a name", format!("PrivateToken {token}")),
        ("under another name", format!("PrivateToken challenge=\"{token}\"")),
        ("twice", format!("PrivateToken token=\"{token}\", token=\"{token}\"")),
        ("with another parameter", format!("PrivateToken token=\"{token}\", x=1")),
        ("one quote", format!("PrivateToken token=\"{token}")),
        ("in the standard alphabet", format!("PrivateToken token=\"{}\"", token.replace('-', "+").replace('_', "/"))),
        ("with padding that is not due", format!("PrivateToken token=\"{token}=\"")),
        ("a letter less", format!("PrivateToken token=\"{}\"", &token[1..])),
    ] {
        cases.put("redemption", what, redemption(header, &body), "malformed");
    }
    cases.put("redemption", "no authorization", redemption(Value::Null, &[]), "token-invalid");
}

fn redemptions(cases: &mut Cases<'_>, vectors: &Vectors) {
    let (token, pledge) = (vectors.bytes("token"), vectors.bytes("pledge"));
    let header = |token: &[u8]| format!("PrivateToken token=\"{}\"", to_base64(token));
    let mut put = |what: &str, token: &[u8], pledge: &[u8], verdict: &str| {
        cases.put("redemption", what, redemption(header(token), pledge), verdict);
    };
    put("a token of a byte less", &token[..353], &pledge, "malformed");
    put("a token of a byte more", &[&token[..], &[0]].concat(), &pledge, "malformed");
    put("a token of type 0x0003", &flipped(&token, 1), &pledge, "malformed");
    put("another nonce", &flipped(&token, 2), &pledge, "pledge-mismatch");
    put("another challenge", &flipped(&token, 34), &pledge, "token-invalid");
    put("another key id", &flipped(&token, 66), &pledge, "token-invalid");
    put("a flipped bit in the authenticator", &flipped(&token, 353), &pledge, "token-invalid");
    put("n as the authenticator", &[&token[..98], &modulus(vectors)].concat(), &pledge, "token-invalid");
    put("an authenticator of zeros", &[&token[..98], &[0; 256]].concat(), &pledge, "token-invalid");
    put("another challenge, and a pledge that opens nothing", &flipped(&token, 34), &[0; 68], "token-invalid");
    put("a flipped authenticator, and a pledge that opens nothing", &flipped(&token, 353), &[0; 68], "pledge-mismatch");
    put("a pledge of a byte less", &token, &pledge[..67], "malformed");
    put("no pledge", &token, &[], "malformed");
    put("a pledge of a byte more", &token, &[&pledge[..], &[0]].concat(), "too-large");
    put("another place", &token, &flipped(&pledge, 3), "pledge-mismatch");
    put("a place that does not exist", &token, &[&[0, 0, 0, 7], &pledge[4..]].concat(), "pledge-mismatch");
    put("the largest place", &token, &[&[0xff; 4], &pledge[4..]].concat(), "pledge-mismatch");
    put("another place salt", &token, &flipped(&pledge, 4), "pledge-mismatch");
    put("another region salt", &token, &flipped(&pledge, 36), "pledge-mismatch");
    let exchanged = [&pledge[..4], &pledge[36..], &pledge[4..36]].concat();
    put("the salts exchanged", &token, &exchanged, "pledge-mismatch");
}

fn challenges(cases: &mut Cases<'_>, vectors: &Vectors) {
    let (challenge, key) = (vectors.bytes("token_challenge"), vectors.text("token_key"));
    let of = |challenge: &[u8], key: &str| {
        format!("PrivateToken challenge=\"{}\", token-key=\"{key}\"", to_base64(challenge))
    };
    cases.good("challenge-header", "of the campaign", of(&challenge, key));
    cases.good(
        "challenge-header",
        "with a parameter that is not known",
        format!("{}, max-age=10", of(&challenge, key)),
    );
    cases.good("challenge-header", "in another order", {
        format!("PrivateToken token-key={key}, challenge={}", to_base64(&challenge))
    });
    cases.refused("challenge-header", "no key", format!("PrivateToken challenge=\"{}\"", to_base64(&challenge)));
    cases.refused("challenge-header", "the key twice", format!("{}, token-key=\"{key}\"", of(&challenge, key)));
    cases.refused("challenge-header", "another key", of(&challenge, &to_base64(&[0x30; 342])));
    cases.refused("challenge-header", "of another campaign", of(&flipped(&challenge, 20), key));
    cases.refused("challenge-header", "without the campaign", {
        let (names, rest) = challenge.split_at(18);
        of(&[names, &[0], &rest[33..]].concat(), key)
    });
    cases.refused("challenge-header", "a byte more", of(&[&challenge[..], &[0]].concat(), key));
    cases.refused("challenge-header", "of another scheme", "Bearer");
}

fn receipts(cases: &mut Cases<'_>, vectors: &Vectors) {
    let good = vectors.bytes("receipt");
    cases.good("receipt", "of the vectors", to_hex(&good));
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("a byte less", good[..63].to_vec()),
        ("a byte more", [&good[..], &[0]].concat()),
        ("a flipped bit in front", flipped(&good, 0)),
        ("a flipped bit behind", flipped(&good, 40)),
        ("zeros", vec![0; 64]),
    ] {
        cases.refused("receipt", what, to_hex(&bytes));
    }
}

/// What a Client makes of answers that were not hoped for.
fn answers(cases: &mut Cases<'_>) {
    let problem = media::PROBLEM;
    let of = |status: u16, content_type: Option<&str>, body: &str| json!({ "status": status, "content_type": content_type, "body": body });
    for known in Problem::ALL {
        let body = json!({ "type": known.urn(), "title": known.name(), "status": known.status(), "detail": "Why." });
        let what = format!("the document of {}", known.name());
        cases.put("answer", &what, of(known.status(), Some(problem), &body.to_string()), known.name());
    }
    let used = json!({ "type": Problem::InviteUsed.urn() }).to_string();
    let mut put = |what: &str, input: Value, verdict: &str| cases.put("answer", what, input, verdict);
    put(
        "type alone, and a media type with a parameter",
        of(409, Some("Application/Problem+JSON; charset=utf-8"), &used),
        "invite-used",
    );
    put("another status than the problem has: the type counts", of(400, Some(problem), &used), "invite-used");
    put(
        "422 for a TokenRequest",
        of(422, Some(problem), &json!({ "type": Problem::Malformed.urn() }).to_string()),
        "malformed",
    );
    put(
        "a problem that is not one of the sixteen",
        of(400, Some(problem), "{\"type\":\"urn:headcount:problem:other\"}"),
        "misbehaving",
    );
    put("about:blank", of(400, Some(problem), "{\"type\":\"about:blank\"}"), "misbehaving");
    put("a problem as plain JSON", of(409, Some(media::JSON), &used), "misbehaving");
    put("no document", of(409, None, ""), "misbehaving");
    put("a redirect", of(302, Some("text/html"), ""), "misbehaving");
    put("another success than is due", of(204, None, ""), "misbehaving");
    put("501", of(501, None, ""), "misbehaving");
    for status in [500, 502, 503, 504] {
        put(
            &format!("{status} from a web server in front"),
            of(status, Some("text/html"), "<h1>Bad Gateway</h1>"),
            "lost",
        );
    }
    put("503 with a problem that is not known", of(503, Some(problem), "{\"type\":\"about:blank\"}"), "lost");
}
