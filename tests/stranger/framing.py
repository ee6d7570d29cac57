"""Requests whose frame or path lies: to slip a request past whoever stands in front, to reach what is not served, to poison
a cache, or to have the server read something other than what was sent."""

import gzip

from attacking import attack, same
from person import TOKEN_REQUEST
from surface import harmless
from wire import Line, ask, head, message, raw

LAST = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
SMUGGLED = b"GET /campaign HTTP/1.1\r\nhost: x\r\n\r\n"


def quiet(scene, replies, what, most=1):
    """So many answers at most, none of them by what was smuggled, and none of them a success of anything."""
    assert len(replies) <= most, f"{what}: {[reply.status for reply in replies]}"
    for reply in replies:
        harmless(scene, reply, what)


@attack("open", "closed")
def two_readers_of_one_length(scene):
    """A second request inside the body of a first, seen only by one of front and server: other people's answers."""
    te, cl = "transfer-encoding: chunked\r\n", f"content-length: {len(SMUGGLED)}\r\n"
    chunked = b"0\r\n\r\n"
    whole = {
        "CL.TE": cl + te,
        "TE.CL": te + cl,
        "CL.CL": cl + "content-length: 5\r\n",
        "CL,CL": "content-length: 5, 5\r\n",
        "TE.TE": te + "transfer-encoding: identity\r\n",
        "hidden TE": "transfer-encoding : chunked\r\n" + cl,
        "tab TE": "transfer-encoding:\tchunked\r\n" + cl,
        "vtab TE": "transfer-encoding: \x0bchunked\r\n" + cl,
        "xchunked": "transfer-encoding: xchunked\r\n" + cl,
        "TE list": "transfer-encoding: chunked, chunked\r\n" + cl,
        "folded TE": "transfer-encoding:\r\n chunked\r\n" + cl,
        "folded CL": f"content-length:\r\n {len(SMUGGLED)}\r\n",
        "quoted TE": 'transfer-encoding: "chunked"\r\n' + cl,
        "CL plus": "content-length: +5\r\n",
        "CL minus": "content-length: -5\r\n",
        "CL dot": "content-length: 5.0\r\n",
        "CL hex": "content-length: 0x5\r\n",
        "CL space": "content-length: 5 5\r\n",
        "CL huge": "content-length: 99999999999999999999\r\n",
        "name with space": "content length: 5\r\n" + cl,
        "bare CR": "x: a\rcontent-length: 5\r\n" + cl,
        "NUL": "x: a\0b\r\n" + cl,
        "line of spaces": "  \r\n" + cl,
        "utf-8 K": "transfer-encoding: chun\u212aed\r\n" + cl,
        "no colon": "transfer-encoding\r\n" + cl,
    }
    for address, paths in (
        (scene.public, ("/pledges", "/token-request", "/counts.json")),
        (scene.organisers, ("/organiser/close", "/organiser/counts")),
    ):
        for path in paths:
            for method in ("POST", "GET"):
                for name, lines in whole.items():
                    start = f"{method} {path} HTTP/1.1\r\nhost: x\r\n".encode()
                    for body in (SMUGGLED, chunked + SMUGGLED):
                        replies = raw(address, start + lines.encode("utf-8") + b"\r\n" + body + LAST)
                        told = [reply.status for reply in replies]
                        # whoever reads one length must not find another request behind it
                        safe = len(replies) <= 1 or all(status in (400, 404, 405, 200) for status in told[1:])
                        assert safe, f"{name} at {path}: {told}"
                        ends = replies and replies[-1].header("connection") == "close"
                        assert ends or not replies, f"{name} at {path}: the connection goes on after {told}"
                        if len(replies) > 1:
                            assert name in ("CL.CL", "CL,CL"), f"{name} at {method} {path}: {told}"
        continue


@attack("open")
def a_request_in_the_body_of_another(scene):
    """A body that is taken for a request: whoever shares a connection to the server gets another's answer."""
    for address in (scene.public, scene.organisers):
        for method, path, more in (
            ("GET", "/healthz", []),
            ("HEAD", "/healthz", []),
            ("POST", "/pledges", []),
            ("POST", "/nothing", []),
            ("DELETE", "/campaign", []),
            ("POST", "/token-request", [("content-type", "text/plain")]),
            ("POST", "/organiser/close", []),
            ("OPTIONS", "/x", []),
            ("POST", "/organiser/en/sign-in", [("content-type", "text/plain")]),
            ("PUT", "/token-request", []),
        ):
            for size in (len(SMUGGLED), 70000):
                body = SMUGGLED + b"x" * (size - len(SMUGGLED))
                with Line(address) as line:
                    line.send(message(method, path, more, body))
                    first = line.reply(method)
                    harmless(scene, first, f"{method} {path} with a body")
                    if first.header("connection") != "close":
                        line.send(LAST)
                        second = line.reply()
                        assert second is None or (second.body or b"").startswith(b"ok"), f"{method} {path}: {second}"


@attack("open", "closed")
def ways_around_a_path(scene):
    """A file of the campaign's folder, or a route by another name that whoever stands in front lets through."""
    tricks = [
        "/organiser/counts",
        "//organiser/counts",
        "/%6frganiser/counts",
        "/organiser%2fcounts",
        "/ORGANISER/counts",
        "/join/../organiser/counts",
        "/x/..;/organiser/counts",
        "/./campaign",
        "//campaign",
        "/campaign/",
        "/campaign;x=1",
        "/campaign%00",
        "/campaign%20",
        "/Campaign",
        "/%63ampaign",
        "/campaign%2e",
        "/campaign.",
        "/campaign\\",
        "/\\campaign",
        "/campaign#x",
        "/c%C0%ADmpaign",
        "/campaign%ff",
        "/log/../genesis.json",
        "/log/%2e%2e/genesis.json",
        "/log/..%2fgenesis.json",
        "/log/%2e%2e%2fkeys%2flog",
        "/log/tile/../../keys/invite",
        "/log/tile/0/../../../organisers.json",
        "/log/tile/entries/..%5c..%5cactions",
        "/log//tile/0/000.p/1",
        "/log/tile/0/000.p/01",
        "/log/tile/0/0",
        "/log/tile/00/000.p/1",
        "/log/tile/0/x000/000.p/1",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/256",
        "/log/tile/0/000.p/1/",
        "/log/tile/0/-01",
        "/log/tile/64/000",
        "/log/tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "/log/tile/0/%30%30%30.p/1",
        "/log/checkpoint/",
        "/log/checkpoint%00",
        "/log/tile/data/000",
        "/log/tile/entries/000",
        "/join/../keys/log",
        "/join/..%2f..%2fkeys%2flog",
        "/join/%2e%2e",
        "/join/.",
        "/join/..",
        "/join//",
        "/join/manifest.json%00.html",
        "/overview/../genesis.json",
        "/overview/..%2f..%2fgenesis.json",
        "/overview/en/..%2f..%2fx",
        "/overview/en/all.png%00",
        "/overview/xx/all.png",
        "/overview/%65n/all.png",
        "/..%2f",
        "/../",
        "/..;/",
        "/%2e%2e/",
        "/en/../ru/",
        "/en/.",
        "/%65n/",
        "/en%2f",
        "/" + "a/" * 2000,
        "/" + "%41" * 1300,
        "/log/tile/entries/" + "x001/" * 800 + "000",
        "/*",
        "*",
        "?",
        "/?",
        "/%",
        "/%zz",
        "/%u0063ampaign",
        "/{lang}/",
        "/log/{*tile}",
        "/campaign?/../../keys/log",
        "/http://evil/",
        "/.well-known/private-token-issuer-directory/",
        "/.well-known/%70rivate-token-issuer-directory",
        "/healthz/..",
        "/token-request%0d%0ax:y",
        "/\u00e9n/".encode().decode("latin-1"),
    ]
    {"/campaign": ask(scene.public, "GET", "/campaign").body}
    for target in tricks:
        for address in (scene.public, scene.organisers):
            with Line(address) as line:
                line.send(head("GET", target, [("connection", "close")]) + b"\r\n")
                reply = line.reply()
            if reply is None or not reply.headers or reply.body == b"":
                assert reply is None or reply.status in (400, 404, 414, 431), f"{target}: {reply}"
                continue
            harmless(scene, reply, f"GET {target[:60]}")
            allowed = {"/?": 200, "?": 200, "/campaign#x": 200, "/campaign?/../../keys/log": 200}.get(target, 404)
            wanted = (allowed, 404, 401 if target == "/organiser/counts" else 404)
            assert reply.status in wanted, f"{target[:80]}: {reply.status} {reply.body[:80]}"


@attack("open", "closed")
def a_cache_is_given_another_page(scene):
    """An answer for one visitor that a cache keeps for all: another host in links, another language, another scheme."""
    lies = [
        [("x-forwarded-host", "evil.example")],
        [("x-forwarded-proto", "https")],
        [("x-forwarded-for", "127.0.0.1")],
        [("x-original-url", "/organiser/counts")],
        [("x-rewrite-url", "/organiser/counts")],
        [("x-http-method-override", "POST")],
        [("x-method-override", "DELETE")],
        [("forwarded", "for=127.0.0.1;host=evil.example")],
        [("accept-language", "ru")],
        [("user-agent", "x" * 300)],
        [("range", "bytes=0-3")],
        [("range", "bytes=0-0,-1")],
        [("if-range", '"x"'), ("range", "bytes=1-")],
        [("accept", "text/plain")],
        [("accept", "application/json;q=0")],
        [("origin", "http://evil.example")],
        [("origin", "null")],
        [("referer", "http://evil.example/")],
        [("cookie", "lang=ru; headcount-organiser=x")],
        [("if-modified-since", "Sun, 06 Nov 2094 08:49:37 GMT")],
        [("if-match", '"x"')],
        [("if-none-match", '"x"')],
        [("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],
        [("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQAAP__")],
        [("upgrade", "websocket")],
        [("accept-encoding", "br;q=0, gzip;q=0, *;q=0")],
        [("accept-encoding", "identity;q=0")],
        [("accept-encoding", "\xff")],
        [("sec-fetch-site", "cross-site")],
        [("expect", "x-nothing")],
        [("te", "trailers")],
        [("max-forwards", "0")],
        [("pragma", "no-cache")],
        [("authorization", "Negotiate x")],
        [("purpose", "prefetch")],
        [("proxy-connection", "keep-alive")],
        [("x-forwarded-prefix", "/evil")],
        [("content-type", "x/y")],
        [("transfer-encoding", "")][:0],
    ]
    for path in (
        "/",
        "/en/",
        "/campaign",
        "/counts.json",
        "/log/checkpoint",
        "/log/tile/0/000.p/1",
        "/places.json",
        "/join",
        "/nothing",
        "/healthz",
    ):
        plain = ask(scene.public, "GET", path)
        same([plain] + [ask(scene.public, "GET", path, lie) for lie in lies], path)
        same(
            [plain]
            + [
                ask(scene.public, "GET", path, host=host)
                for host in ("evil.example", "127.0.0.1:1", "", None, "a\xffb", "x y")
            ],
            path,
        )
        with Line(scene.public) as line:
            line.send(message("GET", f"http://evil.example{path}", [("host", "two.example"), ("connection", "close")]))
            same([plain, line.reply()], f"{path} with two hosts")
        known = plain.header("etag")
        if known:
            again = ask(scene.public, "GET", path, [("if-none-match", known)])
            assert (
                again.status == 304
                and again.body == b""
                and again.header("cache-control") == plain.header("cache-control")
            ), again
        assert not (plain.status >= 400 and plain.header("cache-control") != "no-store"), path
    for path in ("/", "/counts.json", "/campaign"):
        small = ask(scene.public, "GET", path, [("accept-encoding", "gzip")])
        assert (
            small.header("vary") == "accept-encoding"
            and gzip.decompress(small.body) == ask(scene.public, "GET", path).body
        )


@attack("open")
def another_coding_of_a_body(scene):
    """A bomb that is unpacked, or a body that a filter in front does not read."""
    person = scene.person()
    bomb = gzip.compress(bytes(20_000_000))
    for coding in ("gzip", "br", "deflate", "identity", "zstd", "x"):
        for body in (bomb, person.request):
            headers = [
                ("authorization", f"Bearer {scene.spare}"),
                ("content-type", TOKEN_REQUEST),
                ("content-encoding", coding),
            ]
            if body is bomb:
                reply = ask(scene.public, "POST", "/token-request", headers, body)
                assert reply.problem() == "too-large", reply
    headers = [
        ("authorization", f"Bearer {scene.spare}"),
        ("content-type", TOKEN_REQUEST),
        ("content-encoding", "gzip"),
    ]
    reply = ask(scene.public, "POST", "/token-request", headers, gzip.compress(person.request)[:259])
    assert reply.problem() in ("malformed", "too-large"), reply


@attack("open")
def old_and_new_versions(scene):
    """A version of HTTP in which the end of an answer, or of a connection, is somewhere else."""
    for data in (
        b"GET /campaign\r\n\r\n",
        b"GET /campaign HTTP/0.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
        b"GET /campaign HTTP/1.2\r\nhost: x\r\n\r\n",
        b"GET /campaign HTTP/3\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00",
        b"GET /campaign http/1.1\r\nhost: x\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"\0" * 3000,
    ):
        replies = raw(scene.public, data)
        quiet(scene, replies, repr(data[:20]))
        assert all(reply.status == 400 and not reply.body for reply in replies), f"{data[:40]}: {replies}"
    for more in ("", "connection: keep-alive\r\n"):
        replies = raw(scene.public, f"GET /healthz HTTP/1.0\r\n{more}\r\n".encode() + LAST)
        assert [reply.body for reply in replies] == ([b"ok\n"] * (2 if more else 1)) or b"disk" in replies[0].body, (
            replies
        )
    person = scene.person()
    headers, body = person.asks(scene.codes("old versions", 1)[0])
    for more in ([("connection", "keep-alive")], [("connection", "upgrade"), ("upgrade", "h2c")]):
        with Line(scene.public) as line:
            line.send(
                message("POST", "/token-request", [*headers, *more], body).replace(b"HTTP/1.1", b"HTTP/1.0") + LAST
            )
            replies = line.replies()
            assert len(replies) == 1 and replies[0].status == 200, replies


@attack("open")
def trailers_and_chunk_extensions(scene):
    """A header behind the body that counts as one before it: another content type, another invite."""
    person = scene.person()
    for trailer in (
        f"authorization: Bearer {scene.spare}\r\n",
        f"content-type: {TOKEN_REQUEST}\r\n",
        "content-length: 1\r\n",
        "host: evil\r\n",
    ):
        for headers in ([("content-type", TOKEN_REQUEST)], [("authorization", f"Bearer {scene.spare}")]):
            start = head(
                "POST",
                "/token-request",
                [*headers, ("transfer-encoding", "chunked"), ("trailer", trailer.split(":")[0])],
            )
            body = b'103;a=b;"c"\r\n' + person.request + b"\r\n0;x\r\n" + trailer.encode() + b"\r\n"
            replies = raw(scene.public, start + b"\r\n" + body + LAST)
            assert len(replies) == 1 and replies[0].problem() in (
                "invite-unknown",
                "unsupported-media-type",
                "malformed",
            ), replies


@attack("open")
def chunks_that_end_elsewhere(scene):
    """A chunk's end that one reader sees earlier than another: bare newlines, lines in extensions, what follows the last."""
    start = head("POST", "/nothing", [("transfer-encoding", "chunked")]) + b"\r\n"
    for body in (
        b"5\nhello\n0\n\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"1;\nZ\r\nx\r\n0\r\n\r\n",
        b"1;a=\rb\r\nx\r\n0\r\n\r\n",
        b"0 ;\n\r\n\r\n",
        b"0\r\nx\r\n\r\n",
        b"0\r\n\n",
        b" 0\r\n\r\n",
        b"0x0\r\n\r\n",
        b"-0\r\n\r\n",
        b"+0\r\n\r\n",
        b"1_0\r\n\r\n",
        b"ffffffffffffffff1\r\n\r\n",
    ):
        replies = raw(scene.public, start + body + LAST)
        quiet(scene, replies, repr(body))
        assert all(reply.status in (400, 404) for reply in replies), f"{body}: {replies}"
