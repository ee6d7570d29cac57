"""Organisers' accounts, sessions, forms and texts: to do what a role does not allow, as somebody else, or by somebody else's
browser; and to have a name or a text do something where it is read."""

import json
import secrets
from urllib.parse import urlencode

from attacking import attack, refused, same
from forging import everybody_at_once
from person import bytes_of, code_of
from routes import ACCOUNTS, API, LANGUAGES, METHODS, PAGE
from surface import harmless
from wire import Line, ask, message

FORM = ("content-type", "application/x-www-form-urlencoded")
OWN = ("sec-fetch-site", "same-origin")
COOKIE = "headcount-organiser"


def form(scene, path, fields, more=(), own=(OWN,)):
    return ask(scene.organisers, "POST", path, [FORM, *own, *more], urlencode(fields).encode())


def sign_in(scene, name, more=()):
    """The session of an account, as the header that a browser then sends."""
    reply = form(scene, "/organiser/en/sign-in", {"token": scene.tokens[name]}, more)
    assert reply.status == 303, reply
    cookie = reply.header("set-cookie")
    for rule in ("HttpOnly", "SameSite=Strict", "Path=/organiser"):
        assert rule in cookie, cookie
    return ("cookie", cookie.split(";")[0])


def get(scene, path, session):
    reply = ask(scene.organisers, "GET", path, [session])
    harmless(scene, reply, path)
    return reply


def batches(scene):
    return ask(scene.organisers, "GET", "/organiser/batches", [scene.bearer("first")]).body


@attack()
def any_page_with_a_session_too_small(scene):
    """A page, a table or a deed of the organisers' page for whom it is not meant, in any language and by any method."""
    sessions = {name: sign_in(scene, name) for name in ACCOUNTS} | {
        "nobody": ("x", "y"),
        "wrong": ("cookie", f"{COOKIE}={secrets.token_urlsafe(32)}"),
    }
    for lang in LANGUAGES:
        for route in PAGE:
            path = f"/organiser/{lang}{route.paths[0]}"
            for name, session in sessions.items():
                for method in METHODS if lang == "en" else ("GET", "POST"):
                    if (
                        method in route.methods
                        and method == "POST"
                        and (name in route.roles or route.pattern == "/sign-in")
                    ):
                        continue
                    reply = ask(scene.organisers, method, path, [session, FORM, OWN])
                    harmless(scene, reply, f"{name}: {method} {path}")
                    stranger = name not in ACCOUNTS
                    if method not in route.methods:
                        assert (
                            reply.status == 405
                            or (stranger and reply.status == 303)
                            or (method == "HEAD" and reply.status == 405)
                        ), f"{name}: {method} {path}: {reply.status}"
                    elif stranger:
                        assert (
                            reply.status == (200 if path == f"/organiser/{lang}/" else 303)
                            and b"sign-out" not in reply.body
                        ), f"{name}: {path}: {reply}"
                    elif name not in route.roles:
                        assert reply.status == 403, f"{name}: {method} {path}: {reply.status}"
                    else:
                        closed = scene.state == "closed" and route.pattern in ("/invites", "/revoke/{batch}")
                        assert reply.status in ((200, 410, 404) if closed or "revoke" in path else (200,)), (
                            f"{name}: {path}: {reply}"
                        )
    for session in list(sessions.values())[:5]:
        form(scene, "/organiser/en/sign-out", {}, [session])
        assert get(scene, "/organiser/en/invites", session).status == 303, "a session that was ended opens a page"


@attack("open")
def a_session_of_the_attackers_choice(scene):
    """A session fixed before the victim signs in, kept after she signs out, or carried by two cookies."""
    fixed = ("cookie", f"{COOKIE}={secrets.token_urlsafe(32)}")
    session = sign_in(scene, "first", [fixed])
    assert session != fixed and get(scene, "/organiser/en/invites", fixed).status == 303
    other = sign_in(scene, "reads")
    value = session[1]
    for cookie in (
        f"{value}; {other[1]}",
        f"{other[1]}; {value}",
        f"{value}x",
        value[:-1],
        value.replace("=", "==", 1),
        value.upper(),
        f'{COOKIE}="{value.split("=", 1)[1]}"',
        f"$Version=1; {value},{other[1]}",
    ):
        assert get(scene, "/organiser/en/invites", ("cookie", cookie)).status == 303, cookie
    assert ask(scene.organisers, "GET", "/organiser/en/invites", [session, other]).status == 303, "two headers"
    both = lambda bearer: ask(scene.organisers, "GET", "/organiser/actions", [session, OWN, bearer])
    refused(both(scene.bearer("reads")), "forbidden")
    refused(both(("authorization", "Bearer x")), "unauthorised")
    assert both(("x", "y")).status == 200, "a session of one's own, by one's own page"
    form(scene, "/organiser/en/sign-out", {}, [session])
    assert get(scene, "/organiser/en/invites", session).status == 303
    kept = sign_in(scene, "first")
    for _ in range(64):
        sign_in(scene, "reads")
    assert get(scene, "/organiser/en/invites", kept).status == 200, "nobody signs out anybody else"
    for _ in range(8):
        sign_in(scene, "first")
    assert get(scene, "/organiser/en/invites", kept).status == 303, "the oldest of too many sessions of one account ends"


@attack("open")
def an_account_that_was_removed(scene):
    """What a removed organiser's token, or her open session, still opens."""
    scene.tokens["leaving"] = scene.account("leaving", "invites", "announces")
    session = sign_in(scene, "leaving")
    assert get(scene, "/organiser/en/invites", session).status == 200
    scene.run("organiser", "remove", "leaving", "--data", scene.data)
    assert get(scene, "/organiser/en/invites", session).status == 303
    refused(ask(scene.organisers, "GET", "/organiser/counts", [session, OWN]), "unauthorised")
    for route in API:
        for method in route.methods:
            assert ask(scene.organisers, method, route.paths[0], [scene.bearer("leaving")]).status == 401, route
    assert scene.account("leaving", "invites") != scene.tokens["leaving"]
    assert ask(scene.organisers, "GET", "/organiser/counts", [scene.bearer("leaving")]).status == 401, (
        "the old token of a new account"
    )
    scene.run("organiser", "remove", "leaving", "--data", scene.data)


@attack("open")
def a_form_on_another_page(scene):
    """A deed by an organiser's own browser, from a page of the attacker's, or through a name that leads to loopback."""
    session, before = sign_in(scene, "first"), batches(scene)
    here = "127.0.0.1:%d" % scene.organisers[1]
    foreign = [
        [],
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("sec-fetch-site", "none")],
        [("origin", "null")],
        [("origin", "http://evil.example")],
        [("origin", f"http://{here}.evil.example")],
        [("origin", f"http://evil.example@{here}")],
        [("origin", "http://127.0.0.1:%d" % scene.public[1])],
        [("origin", "file://")],
        [OWN, ("origin", "http://evil.example")],
        [OWN, OWN],
        [OWN, ("sec-fetch-site", "cross-site")],
        [("origin", f"http://{here}"), ("origin", "http://evil.example")],
        [("referer", f"http://{here}/organiser/en/")],
        [("origin", f"ftp://{here}")],
        [("origin", f"http://{here}/")],
        [("origin", "http://")],
        [("sec-fetch-site", "Same-Origin")],
    ]
    for own in foreign:
        for path, fields in (
            ("/organiser/en/close", {"words": "close for ever"}),
            ("/organiser/en/revoke/1", {}),
            ("/organiser/invites/csv", {"batch": "stolen", "count": 5}),
            ("/organiser/en/announce", {"note": "x"}),
            ("/organiser/en/sign-out", {}),
            ("/organiser/close", {}),
            ("/organiser/batches/revoke", {}),
        ):
            reply = form(scene, path, fields, [session, ("host", here)][:1], own)
            assert reply.status == 403 and b"another page" in reply.body, f"{path} {own}: {reply.status}"
        reply = ask(scene.organisers, "GET", "/organiser/batches", [session, *own])
        assert reply.status == 403, f"a table for programs by a session {own}"
    # a page under a name that leads here (DNS rebinding) has no session of ours, and without one nothing is to be had
    rebound = [("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")]
    for path in ("/organiser/counts", "/organiser/batches", "/organiser/actions"):
        assert ask(scene.organisers, "GET", path, rebound, host="evil.example").status == 401
    reply = ask(
        scene.organisers,
        "POST",
        "/organiser/invites",
        [*rebound, ("content-type", "application/json")],
        b"{}",
        host="evil.example",
    )
    assert reply.status == 401
    for name in ("first", "reads"):
        reply = ask(
            scene.organisers,
            "OPTIONS",
            "/organiser/invites",
            [("origin", "http://evil.example"), ("access-control-request-method", "POST")],
        )
        assert not [header for header, _ in reply.headers if header.startswith("access-control")], reply
    assert batches(scene) == before and scene.counts()["state"] == "open"


@attack("open")
def a_token_by_trying(scene):
    """An organiser's token by trying many at once, or by the time that a wrong one takes."""
    wrong = [("authorization", f"Bearer {secrets.token_urlsafe(32)}") for _ in range(150)]
    with Line(scene.organisers) as line:
        for one in wrong:
            line.send(message("GET", "/organiser/counts", [one]))
            refused(line.reply(), "unauthorised")
    answers = [
        form(scene, "/organiser/en/sign-in", {"token": token})
        for token in ("", "x", secrets.token_urlsafe(32), scene.first[:-1], scene.first + "A", scene.first.lower(), " ")
    ]
    same(answers, "wrong tokens")
    assert answers[0].status == 401 and not answers[0].all("set-cookie")


@attack("open")
def a_request_for_invites_that_two_readers_read_differently(scene):
    """Invites beyond what was allowed: by doubled members, other numbers, other forms of the same text."""
    before = batches(scene)
    bodies = [
        b'{"batch":"x","count":1,"count":5}',
        b'{"batch":"x","batch":"y","count":1}',
        b'["x",1]',
        b'{"batch":"x","count":1.0}',
        b'{"batch":"x","count":1e0}',
        b'{"batch":"x","count":"1"}',
        b'{"batch":"x","count":-1}',
        b'{"batch":"x","count":-0}',
        b'{"batch":"x","count":0}',
        b'{"batch":"x","count":4294967297}',
        b'{"batch":"x","count":18446744073709551617}',
        b'{"batch":"x","count":NaN}',
        b'{"batch":"x","count":Infinity}',
        b'{"batch":"x","count":0x5}',
        b'{"batch":"x","count":05}',
        b'{"batch":"x","count":1,}',
        b'{"batch":"x","count":1}x',
        b'{"batch":"x","count":1}{"batch":"x","count":1}',
        b'\xef\xbb\xbf{"batch":"x","count":1}',
        b'{"batch":"\\ud800","count":1}',
        b'{"batch":"\xff","count":1}',
        b'{"batch":"x","count":1,"n":0}',
        b'{"batch":"x","count":1,"per_tick":4}',
        b'{"batch":"x","count":1,"per_tick":0}',
        b'{"batch":"x","count":1,"per_tick":-5}',
        b'{"batch":"x","count":1,"expires":-1}',
        b'{"batch":"x","count":1,"expires":0}',
        b'{"batch":"x","count":1,"expires":18446744073709551615}',
        b'{"batch":"x","count":50001}',
        b'{"batch":"","count":1}',
        b'{"batch":" x","count":1}',
        b'{"batch":"x\\n","count":1}',
        b'{"batch":"x\\u0000y","count":1}',
        b'{"batch":"\\u001b[2J","count":1}',
        b"{" * 3000,
        b'{"batch":' + b"[" * 3000,
        b"",
        b"null",
        b"0",
        b'{"batch":{"$ne":1},"count":1}',
        b'{"__proto__":{},"batch":"x","count":1}',
        '{"batch":"x","count":1}'.encode("utf-16"),
    ]
    # names of which one looks like another, or turns what stands beside it
    bodies += [
        json.dumps({"batch": f"a{c}b", "count": 1}).encode()
        for c in "\u202e\u2066\u200b\u200e\u061c\u00ad\ufeff\u2060\u180e\u3164\u115f\u034f\ufe0f\U000e0041\u2028\ufff9\u0085\u007f\u2800"
    ]
    for body in bodies:
        for path in ("invites", "invites/csv", "invites/cards", "invites/screen"):
            reply = ask(
                scene.organisers,
                "POST",
                f"/organiser/{path}",
                [scene.bearer("invites"), ("content-type", "application/json")],
                body,
            )
            refused(reply, "malformed", "exhausted")
            harmless(scene, reply._replace(body=b"" if b"expected" in reply.body else reply.body), "a refusal")
    for body in (
        b"batch=x&count=1&count=2",
        b"batch=x&count=%31%00",
        b"batch=x&count=+1",
        b"batch=x;count=1",
        b"batch[]=x&count=1",
        b"batch=x&count=1&x=1",
        b"batch=%ff&count=1",
        b"batch=x&count=0x1",
        b"batch=x&count=\xd9\xa1",
        b"batch=x&count=%D9%A1",
    ):
        reply = ask(scene.organisers, "POST", "/organiser/invites/csv", [scene.bearer("invites"), FORM], body)
        refused(reply, "malformed")
    assert batches(scene) == before, "a batch was made"


@attack("open")
def a_name_that_does_something(scene):
    """A script, a formula or a template in a batch's name, run in another organiser's browser or table."""
    names = [
        "<script>alert(3)</script>",
        "\"'><img src=x onerror=alert(4)>",
        "=1+1",
        "{{7*7}}${7*7}<%= 7*7 %>",
        "</style></svg><svg onload=alert(5)>",
        "%0d%0aset-cookie: x=y",
        "../../x",
        "]]><!--",
        "\u0627\u0644\u0641",
    ]
    session = sign_in(scene, "first")
    for name in names:
        for path in ("invites/cards", "invites/screen", "invites/csv"):
            reply = scene.organise(path, {"batch": name, "count": 1}, "invites")
            assert reply.status == 200 and reply.header("cache-control") == "no-store", reply
            body = reply.body.decode()
            for bad in ("<script>alert", "<img src=x", "onerror=alert(4)>", "<svg onload", "49"[:0] or "\x00"):
                assert bad not in body, f"{name} in {path}"
            if path == "invites/csv":
                assert (
                    body.startswith("link\r\nhttp")
                    and name not in body
                    and "attachment" in reply.header("content-disposition")
                )
            else:
                assert "default-src 'none'" in reply.header("content-security-policy")
    for lang in LANGUAGES:
        for path in ("/invites", "/actions"):
            body = get(scene, f"/organiser/{lang}{path}", session).body.decode()
            assert "alert(3)" in body and not any(
                bad in body for bad in ("<script>alert", "<img src=x", "<svg onload")
            ), path
        table = get(scene, f"/organiser/{lang}/counts.csv", session).body.decode()
        assert not any(
            cell.strip('"')[:1] in ("=", "+", "@") for line in table.split("\r\n") for cell in line.split(",")
        ), table


@attack("open")
def more_invites_than_people(scene):
    """More invites than the campaign allows, by fifty requests at one moment; another organiser's batch, enlarged or revoked."""
    headers = [scene.bearer("invites"), ("content-type", "application/json")]
    free = scene.organise("invites", {"batch": "all", "count": 50000}).json()["detail"]
    free = int("".join(c for c in free if c.isdigit()))
    each = free // 20
    data = message("POST", "/organiser/invites", headers, json.dumps({"batch": "greedy", "count": each}).encode())
    answers = everybody_at_once(scene.organisers, [data] * 50)
    made = sum(len(reply.json()["links"]) for reply in answers if reply.status == 200)
    assert made <= free and made > free - each, f"{made} of {free}"
    assert {reply.problem() for reply in answers if reply.status != 200} == {"exhausted"}
    codes = [bytes_of(code_of(link)) for reply in answers if reply.status == 200 for link in reply.json()["links"]]
    assert len(set(codes)) == made, "one code twice"
    scene.tokens["other"] = scene.account("other", "invites")
    refused(scene.organise("invites", {"batch": "greedy", "count": 1}, "other"), "forbidden", "exhausted")
    for name in ("greedy", "spare", "no such batch"):
        refused(scene.organise("batches/revoke", {"batch": name}, "other"), "not-found")
    assert ask(scene.organisers, "GET", "/organiser/batches", [scene.bearer("other")]).json() == {"batches": []}
    scene.run("organiser", "remove", "other", "--data", scene.data)
