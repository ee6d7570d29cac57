//! Seeds: requests, as the targets `http` and `connection` read them (`tests/fuzz/src/script.rs`).

use super::{Seeds, put as seed};

/// All of them.
pub(super) fn put(seeds: &mut Seeds) {
    for (name, text) in SCRIPTS {
        seed(seeds, "http", name, "", text);
    }
    let reads = PUBLIC.iter().map(|path| format!("GET {path}")).collect::<Vec<_>>();
    for (number, four) in (1..).zip(reads.chunks(4)) {
        seed(seeds, "http", &format!("public-{number}"), "", four.join("\n====\n"));
    }
    let with = |auth: &str, path: &&str| format!("@GET {path}\n{auth}");
    for (name, auth) in [("stranger", ""), ("session", "cookie: {cookie}"), ("staff", "authorization: Bearer {staff}")]
    {
        let reads: Vec<String> = ORGANISERS.iter().map(|path| with(auth, path)).collect();
        for (number, four) in (1..).zip(reads.chunks(4)) {
            seed(seeds, "http", &format!("{name}-{number}"), "", four.join("\n====\n"));
        }
    }
    for (name, bytes) in WIRE {
        seed(seeds, "connection", name, "", bytes.replace('\n', "\r\n"));
    }
}

const PUBLIC: [&str; 24] = [
    "/",
    "/en/",
    "/ru/",
    "/join",
    "/join/index.html",
    "/join/manifest.json",
    "/campaign",
    "/places.json",
    "/map.json",
    "/counts.json",
    "/log/checkpoint",
    "/log/tile/0/000.p/1",
    "/log/tile/entries/000.p/1",
    "/healthz",
    "/favicon.ico",
    "/overview/style.css",
    "/overview/en/all.png",
    "/overview/en/wide-all.svg",
    "/invite-by-email",
    "/.well-known/private-token-issuer-directory",
    "/.well-known/ohttp-gateway",
    "/pledges",
    "/token-request",
    "/organiser/counts",
];

const ORGANISERS: [&str; 16] = [
    "/organiser/",
    "/organiser/en/",
    "/organiser/ru/?sort=place",
    "/organiser/en/invites",
    "/organiser/en/actions",
    "/organiser/en/revoke/secret-batch",
    "/organiser/en/announce",
    "/organiser/en/close",
    "/organiser/en/counts.csv",
    "/organiser/en/ticks.csv",
    "/organiser/fa/counts.json",
    "/organiser/counts",
    "/organiser/batches",
    "/organiser/actions",
    "/overview/style.css",
    "/healthz",
];

const SCRIPTS: [(&str, &str); 16] = [
    (
        "token",
        "POST /token-request\nauthorization: Bearer {code0}\ncontent-type: application/private-token-request\n\n{request}",
    ),
    (
        "token-other",
        "POST /token-request\nauthorization: bearer {code1}\ncontent-type: application/private-token-request\n\nabc",
    ),
    ("pledge", "POST /pledges\nauthorization: {token}\ncontent-type: application/vnd.headcount.pledge\n\n{pledge}"),
    ("pledge-bare", "POST /pledges\ncontent-type: application/vnd.headcount.pledge\n\n{pledge}"),
    (
        "email",
        "POST /invite-by-email\ncontent-type: application/json\n\n{\"email\":\"ann@example.org\"}\n====\nGET /invite-by-email",
    ),
    (
        "invites",
        "@POST /organiser/invites\nauthorization: Bearer {organiser}\ncontent-type: application/json\n\n{\"batch\":\"b\",\"count\":2,\"per_tick\":5,\"expires\":1700010000}",
    ),
    (
        "cards",
        "@POST /organiser/invites/cards\ncookie: {cookie}\nsec-fetch-site: same-origin\ncontent-type: application/x-www-form-urlencoded\n\nbatch=c&count=1&per_tick=&language=en&also=ru",
    ),
    (
        "screen",
        "@POST /organiser/invites/screen\nauthorization: Bearer {staff}\ncontent-type: application/json\n\n{\"batch\":\"s\",\"count\":1,\"language\":\"ru\"}",
    ),
    (
        "csv",
        "@POST /organiser/invites/csv\nauthorization: Bearer {reader}\ncontent-type: application/json\n\n{\"batch\":\"s\",\"count\":1}",
    ),
    (
        "revoke",
        "@POST /organiser/batches/revoke\nauthorization: Bearer {organiser}\ncontent-type: application/json\n\n{\"batch\":\"b\"}\n====\n@POST /organiser/en/revoke/c\ncookie: {cookie}\norigin: http://{host}\nhost: {host}\ncontent-type: application/x-www-form-urlencoded\n\nbatch=c",
    ),
    (
        "announcement",
        "@POST /organiser/announcement\nauthorization: Bearer {organiser}\ncontent-type: text/plain; charset=utf-8\n\n{announcement}\n====\n@GET /organiser/counts\nauthorization: Bearer {reader}",
    ),
    (
        "announce-form",
        "@POST /organiser/en/announce\ncookie: {cookie}\nsec-fetch-site: same-origin\ncontent-type: application/x-www-form-urlencoded\n\nnote=x",
    ),
    ("close", "@POST /organiser/close\nauthorization: Bearer {reader}\n====\n@POST /organiser/close"),
    (
        "sign-in",
        "@POST /organiser/en/sign-in\nsec-fetch-site: same-origin\ncontent-type: application/x-www-form-urlencoded\n\ntoken={organiser}\n====\n@GET /organiser/en/invites\ncookie: {cookie}\n====\n@POST /organiser/en/sign-out\nsec-fetch-site: same-origin\ncookie: a={cookie}",
    ),
    (
        "preflight",
        "OPTIONS /token-request\norigin: https://evil.example\naccess-control-request-method: POST\n====\nPUT /pledges\n====\nHEAD /counts.json\nif-none-match: \"x\"",
    ),
    (
        "negotiation",
        "GET /counts.json\naccept-encoding: br;q=0.5, gzip\n====\nGET /en/\nif-none-match: *\naccept-language: ru\nrange: bytes=0-3",
    ),
];

const WIRE: [(&str, &str); 11] = [
    ("get", "GET /counts.json HTTP/1.1\nhost: x\nconnection: close\n\n"),
    ("two", "GET /healthz HTTP/1.1\nhost: x\n\nHEAD /campaign HTTP/1.1\nhost: x\n\n"),
    ("old", "GET /healthz HTTP/1.0\n\n"),
    ("pieces", "GET /hea{cut}lthz HTTP/1.1\nho{cut}st: x\n{cut}\n"),
    (
        "pledge",
        "POST /pledges HTTP/1.1\nhost: x\nauthorization: {token}\ncontent-type: application/vnd.headcount.pledge\ncontent-length: 68\n\n{pledge}",
    ),
    (
        "chunks",
        "POST /pledges HTTP/1.1\nhost: x\nauthorization: {token}\ncontent-type: application/vnd.headcount.pledge\ntransfer-encoding: chunked\n\n44\n{pledge}\n0\n\n",
    ),
    (
        "token",
        "POST /token-request HTTP/1.1\nhost: x\nauthorization: Bearer {code0}\ncontent-type: application/private-token-request\ncontent-length: 259\n\n{request}",
    ),
    (
        "expects",
        "POST /invite-by-email HTTP/1.1\nhost: x\nexpect: 100-continue\ncontent-type: application/json\ncontent-length: 27\n\n{cut}{\"email\":\"ann@example.org\"}",
    ),
    ("both-lengths", "POST /pledges HTTP/1.1\nhost: x\ncontent-length: 3\ntransfer-encoding: chunked\n\n0\n\n"),
    ("organiser", "@GET /organiser/batches HTTP/1.1\nhost: x\nauthorization: Bearer {organiser}\n\n"),
    (
        "upgrade",
        "GET / HTTP/1.1\nhost: x\nconnection: upgrade\nupgrade: h2c\nhttp2-settings: AAMAAABkAAQAAP__\n\nPRI * HTTP/2.0\n\nSM\n\n",
    ),
];
