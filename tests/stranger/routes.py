"""Every route, as the documents name it, with addresses to try, methods that it takes and the roles that it serves.

stranger/main.rs compares the first column with the server's tables of routes, so that none is left out.
"""

from typing import NamedTuple

LANGUAGES = ("en", "ru", "fa")
GET, POST = ("GET", "HEAD"), ("POST",)
ANYBODY = ("nobody", "reads", "invites", "announces", "first")
ACCOUNTS = ANYBODY[1:]
HANDS_OUT, LEADS = ("invites", "first"), ("announces", "first")
BATCHES = ("invites", "announces", "first")


class Route(NamedTuple):
    pattern: str
    paths: tuple
    methods: tuple
    roles: tuple = ANYBODY


#: Those of the public listener: nothing depends on who asks.
PUBLIC = [
    Route("/.well-known/private-token-issuer-directory", ("/.well-known/private-token-issuer-directory",), GET),
    Route("/token-request", ("/token-request",), POST),
    Route("/invite-by-email", ("/invite-by-email",), ("GET", "HEAD", "POST")),
    Route("/pledges", ("/pledges",), POST),
    Route("/campaign", ("/campaign",), GET),
    Route("/places.json", ("/places.json",), GET),
    Route("/map.json", ("/map.json",), GET),
    Route("/counts.json", ("/counts.json",), GET),
    Route("/log/checkpoint", ("/log/checkpoint",), GET),
    Route("/log/{*tile}", ("/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"), GET),
    Route("/", ("/",), GET),
    Route("/{lang}/", ("/en/",), GET),
    Route("/join", ("/join",), GET),
    Route("/join/{file}", ("/join/manifest.json", "/join/index.html"), GET),
    Route("/overview/{file}", ("/overview/x.css",), GET),
    Route("/overview/{lang}/{picture}", ("/overview/en/all.png",), GET),
    Route("/favicon.ico", ("/favicon.ico",), GET),
    Route("/healthz", ("/healthz",), GET),
]

#: Those of the organisers' listener for programs, opened by a bearer token.
API = [
    Route("/organiser/invites", ("/organiser/invites",), POST, HANDS_OUT),
    Route("/organiser/invites/csv", ("/organiser/invites/csv",), POST, HANDS_OUT),
    Route("/organiser/invites/cards", ("/organiser/invites/cards",), POST, HANDS_OUT),
    Route("/organiser/invites/screen", ("/organiser/invites/screen",), POST, HANDS_OUT),
    Route("/organiser/batches", ("/organiser/batches",), GET, BATCHES),
    Route("/organiser/batches/revoke", ("/organiser/batches/revoke",), POST, BATCHES),
    Route("/organiser/actions", ("/organiser/actions",), GET, LEADS),
    Route("/organiser/counts", ("/organiser/counts",), GET, ACCOUNTS),
    Route("/organiser/announcement", ("/organiser/announcement",), POST, LEADS),
    Route("/organiser/close", ("/organiser/close",), POST, LEADS),
]

#: Those of the organisers' page, in three languages, opened by a session.
PAGE = [
    Route("/", ("/",), GET, ACCOUNTS),
    Route("/sign-in", ("/sign-in",), POST),
    Route("/sign-out", ("/sign-out",), POST, ACCOUNTS),
    Route("/counts.csv", ("/counts.csv",), GET, ACCOUNTS),
    Route("/ticks.csv", ("/ticks.csv",), GET, ACCOUNTS),
    Route("/counts.json", ("/counts.json",), GET, ACCOUNTS),
    Route("/invites", ("/invites",), GET, BATCHES),
    Route("/revoke/{batch}", ("/revoke/1",), ("GET", "HEAD", "POST"), BATCHES),
    Route("/actions", ("/actions",), GET, LEADS),
    Route("/announce", ("/announce",), ("GET", "HEAD", "POST"), LEADS),
    Route("/close", ("/close",), ("GET", "HEAD", "POST"), LEADS),
]

#: What stands beside the page on the organisers' listener.
BESIDE = [Route("/organiser/", ("/organiser/",), GET)] + [
    route for route in PUBLIC if route.pattern.startswith("/overview/") or route.pattern in ("/favicon.ico", "/healthz")
]

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "QUERY")

#: Names by which other servers give themselves away; here none of them is there for anybody.
NOBODYS = (
    "/metrics",
    "/organiser/metrics",
    "/organiser/pending",
    "/debug/pprof",
    "/.git/config",
    "/.env",
    "/server-status",
    "/admin",
    "/log/",
    "/log/tile/",
    "/log/tile/entries/",
    "/keys/invite",
    "/genesis.json",
    "/organisers.json",
    "/actions.json",
    "/lock",
    "/attestation/batches.json",
    "/.well-known/ohttp-gateway",
    "/api",
    "/swagger.json",
    "/graphql",
    "/robots.txt",
    "/join/",
    "/token-request/",
    "/pledges/",
    "/healthz/",
    "/organiser",
    "/organiser/en",
    "/organiser/xx/",
    "/site/",
    "/index.html",
)

if __name__ == "__main__":
    import json

    print(json.dumps([route.pattern for route in PUBLIC + API + PAGE + BESIDE]))
