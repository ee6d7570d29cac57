"""Invites, tokens and pledges that are not what they seem: to count twice, for another place, or without an invite."""

import base64
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

from attacking import attack, refused, same
from person import PLEDGE, TOKEN_REQUEST, Person, b64, bytes_of, code_from
from wire import Line, ask, message

ISSUING = ("collecting", "open")


def everybody_at_once(address, requests):
    """Sends all requests over connections that are open already, at one moment; their answers."""

    def send(data):
        with Line(address) as line:
            line.send(data[:-1])
            barrier.wait()
            line.send(data[-1:])
            return line.reply()

    barrier = threading.Barrier(len(requests))
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def asked(scene, code, request, more=()):
    headers = [("authorization", f"Bearer {code}"), ("content-type", TOKEN_REQUEST), *more]
    return ask(scene.public, "POST", "/token-request", headers, request)


@attack(*ISSUING)
def an_invite_that_nobody_made(scene):
    """A token without an invite: a code that is altered, cut, spelled or signed otherwise."""
    good = bytes_of(scene.spare)
    assert code_from(good).replace("-", "") == scene.spare.replace("-", "").upper()
    request = scene.person().request
    forged = [bytes(good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :]) for at in range(20) for bit in (0, 7)]
    forged += [b"\xff\xff" + good[2:], bytes(20), b"\xff" * 20, good[:10] + bytes(10), good[10:] + good[:10]]
    codes = [code_from(code) for code in forged]
    codes += [
        scene.spare[:-1],
        scene.spare + "0",
        "",
        "-",
        scene.spare * 2,
        " ",
        scene.spare.replace("-", "\xa0"),
        "'; DROP",
        "../" * 9,
    ]
    codes += [scene.spare + "," + scene.spare, f'"{scene.spare}"', "*", "%2a", scene.spare[:-2] + "UU"]
    same([asked(scene, code, request) for code in codes], "forged invites")
    refused(asked(scene, codes[0], request), "invite-unknown")
    for scheme in ("Basic", "PrivateToken", "Digest", "bearer\t", ""):
        headers = [("authorization", f"{scheme} {scene.spare}".strip()), ("content-type", TOKEN_REQUEST)]
        refused(ask(scene.public, "POST", "/token-request", headers, request), "invite-unknown")


@attack(*ISSUING)
def a_number_that_gives_away_the_key(scene):
    """A signature on 0, 1, n − 1, n or more, whose answer is known beforehand or shows how the key works."""
    n = scene.campaign.key.n
    for number in (0, 1, n - 1, n, n + 1, n + 2, 2**2048 - 1):
        refused(asked(scene, scene.spare, scene.campaign.request(number)), "malformed")
    good = scene.person().request
    for key in range(0, 256, 17):
        if key != scene.campaign.key_id[-1]:
            refused(asked(scene, scene.spare, scene.campaign.request(good[3:], key)), "malformed")
    for kind in (0, 1, 3, 0x0200, 0xDA7A, 0xFFFF):
        refused(asked(scene, scene.spare, scene.campaign.request(good[3:], kind=kind)), "malformed")
    for body in (b"", good[:-1], good[1:], good + b"\0", bytes(259)):
        refused(asked(scene, scene.spare, body), "malformed", "too-large")


@attack("open")
def signatures_made_of_other_signatures(scene):
    """A token by RSA's algebra: from those for 2, for n/2, for products of what was signed, without ever blinding a token."""
    n, e = scene.campaign.key.n, scene.campaign.key.e
    codes = scene.codes("algebra", 4)
    numbers = [2, n // 2, pow(3, e, n), 4]
    signed = [
        int.from_bytes(asked(scene, code, scene.campaign.request(number)).body, "big")
        for code, number in zip(codes, numbers)
    ]
    assert pow(signed[0], e, n) == 2 and signed[2] == 3, "the issuer signs what it is given"
    assert signed[0] * signed[0] % n == signed[3], "and RSA multiplies"
    person = scene.person()
    for number in signed + [signed[0] * signed[1] % n]:
        person.token = person.input + number.to_bytes(256, "big")
        refused(ask(scene.public, "POST", "/pledges", *person.pledges()), "token-invalid")


@attack(*ISSUING)
def one_invite_on_fifty_connections(scene):
    """More than one token for one invite, by asking fifty times at one moment for fifty different ones."""
    code = scene.codes("race", 1)[0]
    people = [scene.person(at % 4) for at in range(50)]
    answers = everybody_at_once(
        scene.public, [message("POST", "/token-request", *person.asks(code)) for person in people]
    )
    won = [person for person, reply in zip(people, answers) if reply.status == 200]
    assert len(won) == 1, f"{len(won)} tokens for one invite"
    lost = [reply for reply in answers if reply.status != 200]
    same(lost, "who lost")
    refused(lost[0], "invite-used")
    again = everybody_at_once(scene.public, [message("POST", "/token-request", *won[0].asks(code)) for _ in range(12)])
    told = [reply.told() for reply in again]
    assert told.count((200, None)) <= 10 and {body for status, body in told if status != 200} <= {"rate-limited"}, told
    assert len({reply.body for reply in again if reply.status == 200}) == 1, "repeats differ"


@attack("open", "issuing over")
def one_token_on_fifty_connections(scene):
    """Two pledges for one token, by spending it fifty times at one moment."""
    person = scene.tokens_kept.pop()
    answers = everybody_at_once(scene.public, [message("POST", "/pledges", *person.pledges())] * 50)
    statuses = sorted(reply.status for reply in answers)
    assert statuses == [200] * 49 + [201], statuses
    assert len({reply.body for reply in answers}) == 1, "receipts differ"
    scene.pending[person.place] = scene.pending.get(person.place, 0) + 1


@attack("open", "issuing over", "closing")
def a_token_for_another_place(scene):
    """A pledge for a place that its owner did not choose, or for a region that it does not lie in."""
    person = scene.kept
    place, region = person.salts
    openings = [struct.pack(">I", at) + place + region for at in (0, 2, 3, 4, 5, 255, 2**31, 2**32 - 1)]
    openings += [
        struct.pack(">I", person.place) + other
        for other in (region + place, place + bytes(32), bytes(32) + region, place + place)
    ]
    openings += [person.pledge[:-1] + bytes([person.pledge[-1] ^ 1])]
    for opening in openings:
        refused(ask(scene.public, "POST", "/pledges", *person.pledges(pledge=opening)), "pledge-mismatch")
    for opening in (b"", person.pledge[:-1], person.pledge + b"\0", person.pledge * 2):
        refused(ask(scene.public, "POST", "/pledges", *person.pledges(pledge=opening)), "malformed", "too-large")
    # a region of his own choice, signed blind: nobody can see that while it is signed
    if scene.state == "open":
        for where, lies in ((0, 1), (2, 0), (0, 7), (3, 2**32 - 1)):
            liar = Person(scene.campaign, where, lies)
            liar.finish(asked(scene, scene.codes("liars", 1)[0], liar.request).body)
            refused(ask(scene.public, "POST", "/pledges", *liar.pledges()), "pledge-mismatch")


@attack("open", "issuing over", "closing")
def a_token_in_other_bytes(scene):
    """The same token counted again under other bytes of signature, key or challenge."""
    person, n = scene.kept, scene.campaign.key.n
    signature = int.from_bytes(person.token[-256:], "big")
    others = [
        value
        for value in (0, 1, n - 1, n, n - signature, signature ^ 1, signature + n, signature * 2 % n)
        if value < 2**2048
    ]
    others = [person.input + value.to_bytes(256, "big") for value in others]
    others += [
        person.token[:at] + bytes([person.token[at] ^ 1]) + person.token[at + 1 :]
        for at in (0, 1, 35, 50, 66, 80, 97, 98, 300, 353)
    ]
    for token in others:
        refused(
            ask(scene.public, "POST", "/pledges", *person.pledges(token=token)),
            "token-invalid",
            "pledge-mismatch",
            "malformed",
        )
    for token in (b"", person.token[:-1], person.token + b"\0", person.token * 2):
        refused(ask(scene.public, "POST", "/pledges", *person.pledges(token=token)), "malformed")
    text, plain = b64(person.token), [("content-type", PLEDGE)]
    assert not text.endswith("="), "354 bytes leave no padding"
    values = [
        f'PrivateToken token="{other}"'
        for other in (
            base64.b64encode(person.token).decode().replace("/", "\\"),
            text + "=",
            text + "====",
            text[:-1] + " ",
            " " + text,
            text[:-4],
            text + "AAAA",
        )
    ]
    values += [
        f'PrivateToken token="{text}", token="{text}"',
        f'PrivateToken token="{text}", x="y"',
        f"Bearer {text}",
        f"PrivateToken {text}",
        "PrivateToken",
        f'PrivateToken Token="{text}"',
    ]
    for value in values:
        reply = ask(scene.public, "POST", "/pledges", [("authorization", value), *plain], person.pledge)
        refused(reply, "malformed", "token-invalid")
    twice = [("authorization", f'PrivateToken token="{text}"')] * 2
    refused(ask(scene.public, "POST", "/pledges", [*twice, *plain], person.pledge), "malformed")


@attack()
def a_message_under_another_name(scene):
    """A body that one reader takes for what another does not: types with parameters, doubled types, forms, JSON."""
    person = scene.kept if scene.tokens_made else scene.person()
    kinds = [
        "",
        "*/*",
        "application/octet-stream",
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
    ]
    for path, kind, headers, body in (
        ("/token-request", TOKEN_REQUEST, [("authorization", f"Bearer {scene.spare}")], person.request),
        ("/pledges", PLEDGE, [("authorization", f'PrivateToken token="{b64(bytes(354))}"')], person.pledge),
    ):
        other = [kind + ";", kind + "; charset=utf-8", kind + ", text/plain", "x" + kind, kind[:-1], f'"{kind}"']
        answers = [ask(scene.public, "POST", path, [*headers, ("content-type", name)], body) for name in kinds + other]
        answers += [ask(scene.public, "POST", path, headers, body)]
        answers += [ask(scene.public, "POST", path, [*headers, ("content-type", kind), ("content-type", kind)], body)]
        same(answers, path)
        refused(answers[0], "unsupported-media-type")
