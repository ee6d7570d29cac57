"""Every address with every method in every role, and what no answer may ever have."""

import re
import secrets

from attacking import attack, refused, same
from routes import ACCOUNTS, API, BESIDE, LANGUAGES, METHODS, NOBODYS, PAGE, PUBLIC
from wire import ask

#: Each refusal of the closed set with the statuses that it may have.
PROBLEMS = {
    "malformed": (400, 422),
    "unsupported-media-type": (415,),
    "too-large": (413,),
    "invite-unknown": (401,),
    "unauthorised": (401,),
    "invite-used": (409,),
    "exhausted": (403,),
    "token-invalid": (401,),
    "pledge-mismatch": (400,),
    "not-open": (403,),
    "closed": (410,),
    "rate-limited": (429,),
    "unavailable": (503,),
    "not-found": (404,),
    "method-not-allowed": (405,),
    "forbidden": (403,),
}
GIVEAWAY = re.compile(
    rb"panicked|RUST_BACKTRACE|stack backtrace|src/[a-z_/]+\.rs|/(?:root|home|tmp)/|sled|hyper|axum|tokio|serde|os error|rustc[ /]"
)
TELLING = (
    "server",
    "date",
    "via",
    "x-powered-by",
    "age",
    "access-control-allow-origin",
    "access-control-allow-credentials",
)


def harmless(scene, reply, where):
    """What holds for every answer whatever was asked."""
    for name in TELLING:
        assert not reply.all(name), f"{where}: the header {name} tells {reply.all(name)}"
    assert reply.status < 500 or reply.problem() == "unavailable", f"{where}: {reply}"
    if reply.status < 200 or (reply.status in (400, 414, 431) and not reply.body):
        return  # the library's own word for what is no HTTP
    for name, value in (
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ):
        assert reply.header(name) == value, f"{where}: {name} is {reply.header(name)}"
    if reply.status >= 400 and reply.body and not reply.header("content-type").startswith("text/html"):
        problem = reply.problem()
        assert reply.status in PROBLEMS.get(problem, ()), f"{where}: {reply}"
        assert set(reply.json()) == {"type", "title", "status", "detail"} and reply.json()["status"] == reply.status, (
            where
        )
        assert reply.header("cache-control") == "no-store", where
        if reply.status == 405:
            assert reply.header("allow"), f"{where}: it does not say what is allowed"
    if (reply.header("content-type") or "").startswith("text/html") and reply.body:
        policy = reply.header("content-security-policy") or ""
        assert "default-src 'none'" in policy and "unsafe" not in policy or "/join" in where, f"{where}: {policy!r}"
        assert b"<script>alert" not in reply.body and b"<img src=x" not in reply.body, f"{where}: {reply.body[:500]}"
    found = GIVEAWAY.search(reply.body)
    assert not found, f"{where} tells {found.group()!r}: {reply.body[:300]}"
    for secret in [*scene.tokens.values(), scene.email_key, str(scene.data)]:
        assert secret.encode() not in reply.body, f"{where} tells a secret"


def credentials(scene):
    """Everybody as headers: bearer tokens, and what looks like one."""
    first = scene.tokens["first"]
    people = {name: [scene.bearer(name)] for name in scene.tokens}
    people |= {"nobody": [], "wrong": [("authorization", "Bearer " + secrets.token_urlsafe(32))]}
    other = {
        "token twice": [("authorization", f"Bearer {first}")] * 2,
        "two tokens": [("authorization", "Bearer x"), ("authorization", f"Bearer {first}")],
        "in one line": [("authorization", f"Bearer {first}, Bearer {first}")],
        "basic": [("authorization", f"Basic {first}")],
        "no scheme": [("authorization", first)],
        "private": [("authorization", f'PrivateToken token="{first}"')],
        "padded": [("authorization", f"Bearer {first}=")],
        "shorter": [("authorization", f"Bearer {first[:-1]}")],
        "empty": [("authorization", "Bearer ")],
        "quoted": [("authorization", f'Bearer "{first}"')],
        "swapped": [("authorization", f"Bearer {first.swapcase()}")],
        "not ascii": [("authorization", f"Bearer {first}\xff")],
        "proxy": [("proxy-authorization", f"Bearer {first}")],
        "cookie": [("cookie", f"headcount-organiser={first}")],
        "cookie twice": [("cookie", f"headcount-organiser={first}"), ("cookie", f"headcount-organiser={first}")],
        "of a participant": [("authorization", f"Bearer {scene.spare}")],
    }
    return people, other


@attack()
def any_method_on_any_public_route_in_any_role(scene):
    """An answer that depends on who asks, or a method that does what nobody meant."""
    people, other = credentials(scene)
    for route in PUBLIC:
        for path in route.paths:
            for method in METHODS:
                answers = []
                for name in ("nobody", "first", "wrong"):
                    asks = [] if path in ("/pledges", "/token-request") and method == "POST" else people[name]
                    reply = ask(scene.public, method, path, asks)
                    harmless(scene, reply, f"{method} {path}")
                    answers.append(reply)
                same(answers, f"{method} {path}")
                if method not in route.methods:
                    assert answers[0].status == 405, f"{method} {path}: {answers[0].status}"
                if method == "HEAD" and "HEAD" in route.methods:
                    whole = ask(scene.public, "GET", path)
                    assert [whole.status, whole.headers, b""] == [
                        answers[0].status,
                        answers[0].headers,
                        answers[0].body,
                    ], path


@attack()
def any_organisers_route_with_a_role_too_small(scene):
    """An organiser's deed or sight without the role: invites, a close, the log of actions."""
    people, other = credentials(scene)
    for route in API:
        for path in route.paths:
            for method in METHODS:
                for name, asks in {**people, **other}.items():
                    if method not in ("GET", "POST") and name not in ("nobody", "reads", "first"):
                        continue
                    if method in route.methods and name in route.roles:
                        continue  # what they may is tried by the attacks on what they do
                    reply = ask(
                        scene.organisers,
                        method,
                        path,
                        [*asks, ("content-type", "application/json")],
                        b"{}" if method == "POST" else b"",
                    )
                    harmless(scene, reply, f"{name}: {method} {path}")
                    known = name in ACCOUNTS
                    if method not in route.methods:
                        expected = [(405, None)] if method == "HEAD" else [(405, "method-not-allowed")]
                        expected += [] if known else [(401, "unauthorised"), (401, None)]
                    else:
                        expected = (
                            [(403, "forbidden"), (403, "forbidden" if method != "HEAD" else None)]
                            if known
                            else [(401, "unauthorised"), (401, None)]
                        )
                    assert (reply.status, reply.problem() if reply.body else None) in expected, (
                        f"{name}: {method} {path}: {reply}"
                    )


@attack("open", "closed")
def organisers_routes_on_the_public_listener_and_the_reverse(scene):
    """The organisers' tools from the internet, through the listener that everybody reaches; or a pledge by the other."""
    people, _ = credentials(scene)
    for route in API + [r for r in BESIDE if r.pattern == "/organiser/"]:
        for method in ("GET", "POST"):
            refused(ask(scene.public, method, route.paths[0], people["first"]), "not-found", "method-not-allowed")
    for lang in LANGUAGES:
        for route in PAGE:
            refused(ask(scene.public, "POST", f"/organiser/{lang}{route.paths[0]}", people["first"]), "not-found")
    beside = {route.pattern for route in BESIDE}
    for route in PUBLIC:
        if route.pattern not in beside:
            for method in ("GET", "POST"):
                refused(ask(scene.organisers, method, route.paths[0], people["first"]), "not-found")
    for name in NOBODYS:
        for address in (scene.public, scene.organisers):
            reply = ask(address, "GET", name, people["first"])
            harmless(scene, reply, name)
            assert reply.status in (404, 401) or (name == "/organiser/xx/" and reply.status == 404), f"{name}: {reply}"
