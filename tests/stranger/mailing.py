"""Invites by e-mail: to send what nobody wrote to whom nobody named, to earn two for one mailbox, to learn who asked."""

import json
import time

from attacking import attack, refused, same
from wire import ask, until

JSON = [("content-type", "application/json")]


def wanted(scene, address):
    body = address if isinstance(address, bytes) else json.dumps({"email": address}, ensure_ascii=False).encode()
    return ask(scene.public, "POST", "/invite-by-email", JSON, body)


@attack("open")
def headers_and_recipients_of_ones_own(scene):
    """A mail with a header, a recipient or a command of the attacker's, sent in the campaign's name."""
    for bad in (
        "a@post.example\r\nBcc: b@post.example",
        "a@post.example\nRCPT TO:<b@post.example>",
        "a@post.example,b@post.example",
        "a@post.example b@post.example",
        "<a@post.example>",
        '"a b"@post.example',
        "a@post.example>",
        "a@b@post.example",
        "@post.example",
        "a@",
        "a@post.example.",
        "a(b)@post.example",
        "a@post.example\0",
        "a\u2028@post.example",
        "a\u0085@post.example",
        "a@[127.0.0.1]",
        "a@localhost",
        "a@evil.example",
        "a@post.example.evil.org",
        "a@evil.org#post.example",
        "a@edu",
        "a@.edu",
        "a@x_y.edu",
        "a@post\u3002example",
        "a@post.ex\u0430mple",
        "a@\uff50ost.example",
        "x" * 65 + "@post.example",
        "a@" + "b." * 130 + "edu",
        "=?utf-8?q?a=40evil.org=3e=00?=@post.example",
        "|id@post.example\n",
        "$(id)@evil.org",
        "a%evil.org@post.example",
        "evil.org!a@post.example",
        "-oQ/tmp@post.example",
        "",
        " ",
        "a;b@post.example",
        "a:b@post.example",
        "a\\@post.example",
        "a\u200bb@post.example",
        "a\u202eb@post.example",
        "a\u00adb@post.example",
        "a\ufeffb@post.example",
        "a\u2066b@post.example",
        "a\u061cb@post.example",
        "a\u3164b@post.example",
        "a\U000e0041b@post.example",
        "a\ufe0fb@post.example",
        "a\u180eb@post.example",
        "a\u115fb@post.example",
    ):
        reply = wanted(scene, bad)
        assert reply.problem() == "malformed", f"{bad!r}: {reply}"


@attack("open")
def a_message_that_is_not_exactly_one(scene):
    """An address that a filter in front reads otherwise than the server: doubled members, lists, other encodings."""
    good = b"stranger@post.example"
    for body in (
        b'{"email":"a@post.example","email":"b@post.example"}',
        b'["a@post.example"]',
        b'"a@post.example"',
        b'{"email":["a@post.example"]}',
        b'{"email":null}',
        b"{}",
        b'{"email":"a@post.example"}x',
        b'{"email":"a@post.example"}{}',
        b'\xef\xbb\xbf{"email":"a@post.example"}',
        b'{"email":"a@post.example","x":1}',
        b"email=a%40post.example",
        b'{"email":"\\ud800a@post.example"}',
        b'{"email":"a\xff@post.example"}',
        b'{"EMAIL":"a@post.example"}',
        b'{"e\\u006dail ":"a@post.example"}',
        b'{"email":NaN}',
        b"[" * 2000,
        b'{"email":' + b"[" * 900 + b"]" * 900 + b"}",
        b"{'email':'a@post.example'}",
        b'{"email":"a@post.example",}',
        b"",
        b"\0",
        '{"email":"a@post.example"}'.encode("utf-16"),
    ):
        refused(wanted(scene, body), "malformed")
    refused(wanted(scene, b'{"email":"' + good + b'"}' + b" " * 3000), "too-large")
    for kind in (
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json; charset=utf-8",
        "application/JSON, text/plain",
    ):
        refused(
            ask(scene.public, "POST", "/invite-by-email", [("content-type", kind)], b'{"email":"a@post.example"}'),
            "unsupported-media-type",
        )


@attack("open")
def two_invites_for_one_mailbox(scene):
    """More than one voice by spellings of one address; and a flood of mails in somebody's name."""
    spellings = [
        "Twice@post.example",
        " twice@post.example ",
        "TWICE@POST.EXAMPLE",
        "twice@Post.Example\n",
        "tw\u0131ce@post.example"[:0] or "twice@post.example",
    ]
    answers = [wanted(scene, spelling) for spelling in spellings]
    same(answers, "spellings")
    assert answers[0].status == 202 and answers[0].body == b"{}", answers[0]
    of = lambda: [mail for mail in scene.mail.mails() if mail["to"] == ["twice@post.example"]]
    until(lambda: len(of()) >= 3, "three mails")
    time.sleep(1)
    mails = of()
    links = {word for mail in mails for word in mail["text"].split() if "/join#" in word}
    assert len(mails) == 3 and len(links) == 1, f"{len(mails)} mails with {len(links)} invites"
    for mail in mails:
        assert mail["tls"] and "date" not in [
            name.lower() for name in mail["names"] if name.lower() in ("x-originating-ip", "received")
        ], mail["names"]
        assert scene.campaign.id.hex() in mail["text"] or links, mail


@attack("open")
def who_asked_for_an_invite_by_mail(scene):
    """Whether an address has asked, has taken a token, exists: by any difference of an answer."""
    fresh = [f"fresh{at}@post.example" for at in range(3)]
    same(
        [
            wanted(scene, address)
            for address in ["twice@post.example", "gone-x@post.example", "slow-x@post.example", "a@mit.edu", *fresh]
        ],
        "addresses",
    )


@attack("before", "issuing over", "closing", "closed")
def mail_out_of_its_time(scene):
    """An invite by mail before the opening or after the end."""
    before = len(scene.mail.lines())
    problem = "not-open" if scene.state == "before" else "closed"
    same(
        [wanted(scene, address) for address in ("a@post.example", "twice@post.example", "nonsense", b"x")], "addresses"
    )
    refused(wanted(scene, "late@post.example"), problem)
    assert len(scene.mail.lines()) == before
