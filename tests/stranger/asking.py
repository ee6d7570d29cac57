"""Questions about other people's invites, addresses and pledges: nothing in an answer, its headers, its length or the end
of its connection may tell a used invite from an unused one where an unused one would be refused too."""

import statistics
import time

from attacking import attack, refused, same
from forging import asked
from person import TOKEN_REQUEST
from wire import Line, ask, message, raw


#: How the same question can be asked without the invite being used up by it where it is good.
def question(scene, code):
    """Everything that comes back for a fresh request with this code: bytes, order of headers, end of the connection."""
    with Line(scene.public) as line:
        line.send(message("POST", "/token-request", *scene.person().asks(code)))
        reply = line.reply()
        return reply, line.ends()


def no_difference(scene, kind, problem):
    """Used and unused invites of a kind get one answer; in how much time each is printed, not judged."""
    used, unused = scene.kinds[kind]
    answers = {name: [question(scene, code) for code in codes] for name, codes in (("used", used), ("unused", unused))}
    same(answers["used"] + answers["unused"], f"{kind} invites")
    refused(answers["used"][0][0], problem)
    times = {"used": [], "unused": []}
    for _ in range(15):
        for name, codes in (("used", used), ("unused", unused)):
            begin = time.perf_counter()
            question(scene, codes[0])
            times[name].append(time.perf_counter() - begin)
    ratio = statistics.median(times["used"]) / statistics.median(times["unused"])
    return f"{kind}: used takes {ratio:.2f} of the time of unused"


@attack("collecting", "open", "issuing over", "closing", "closed")
def was_a_revoked_invite_used(scene):
    """Whether a person to whom a copied code was given took a token, after its batch was revoked."""
    return no_difference(scene, "revoked", "invite-unknown" if scene.state in ("collecting", "open") else "closed")


@attack("open", "issuing over", "closing", "closed")
def was_an_expired_invite_used(scene):
    """The same after its batch expired."""
    return no_difference(scene, "expired", "closed")


@attack("open")
def was_an_invite_of_an_exhausted_batch_used(scene):
    """The same while its batch has reached its maximum in this tick."""
    return no_difference(scene, "exhausted", "exhausted")


@attack("before", "issuing over", "closing", "closed")
def was_any_invite_used_where_none_is_taken(scene):
    """The same before the opening and after issuing ended, when asking would cost the invite nothing."""
    if scene.state == "before":
        codes = scene.codes("early", 2)
        same([question(scene, code) for code in [*codes, "0" * 32, "nonsense"]], "invites before the opening")
        return None
    said = no_difference(scene, "good", "closed")
    refused(asked(scene, "0" * 32, scene.person().request), "closed")
    return said


@attack("issuing over", "closing")
def a_lost_answer_is_given_to_its_owner_alone(scene):
    """Another's blind signature by her invite, after the time: only the very request is answered again."""
    code, person, answer = scene.lost
    reply = ask(scene.public, "POST", "/token-request", *person.asks(code))
    assert reply.status in (200, 429) and (reply.status == 429 or reply.body == answer), reply
    changed = person.request[:-1] + bytes([person.request[-1] ^ 1])
    refused(asked(scene, code, changed), "closed")


@attack("collecting", "open")
def an_invite_asked_about_costs_the_invite(scene):
    """To learn whether a code was used without using it: by a bad message, a bad type, a length, a broken connection."""
    code = scene.codes("asked about", 1)[0]
    used = scene.kinds["good"][0][0]
    good = scene.person().request
    for headers, body in (
        ([("content-type", "text/plain")], good),
        ([("content-type", TOKEN_REQUEST)], b""),
        ([("content-type", TOKEN_REQUEST)], good + b"x"),
        ([("content-type", TOKEN_REQUEST)], scene.campaign.request(0)),
        ([("content-type", TOKEN_REQUEST)], scene.campaign.request(good[3:], kind=1)),
        ([("content-type", TOKEN_REQUEST), ("expect", "100-continue")], b""),
    ):
        same(
            [
                ask(scene.public, "POST", "/token-request", [("authorization", f"Bearer {c}"), *headers], body)
                for c in (code, used)
            ],
            str(headers),
        )
    for c in (code, used):
        whole = message("POST", "/token-request", *scene.person().asks(c))
        cut = raw(scene.public, whole[:-1])
        assert len(cut) <= 1 and (not cut or cut[0].problem() == "malformed"), cut
    scene.obtain(code)


@attack("open", "issuing over", "closing")
def is_a_pledge_counted_already(scene):
    """Whether a token was spent, without the token: by its nonce, its opening, or a token with another signature."""
    spent, fresh = scene.spent, scene.kept
    answers = []
    for person in (spent, fresh):
        token = person.token[:-256] + bytes(255) + b"\x02"
        answers.append(ask(scene.public, "POST", "/pledges", *person.pledges(token=token)))
        refused(answers[-1], "token-invalid")
    same(answers, "tokens with another signature")
    same(
        [ask(scene.public, "POST", "/pledges", *p.pledges(pledge=p.pledge[:4] + bytes(64))) for p in (spent, fresh)],
        "openings of zeros",
    )
    for name in (spent.nonce.hex(), spent.token[:32].hex()):
        for path in (f"/pledges/{name}", f"/pledges?nonce={name}", f"/log/{name}", f"/status/{name}"):
            assert ask(scene.public, "GET", path).status in (404, 405), path


@attack("open")
def what_waits_shows_between_two_ticks(scene):
    """The number of those who wait: by any public document before and after pledges that are not published yet."""
    paths = (
        "/",
        "/counts.json",
        "/log/checkpoint",
        "/log/tile/0/000.p/1",
        "/healthz",
        "/campaign",
        "/overview/en/all.png",
        "/invite-by-email",
        "/en/?x",
    )
    look = lambda: [ask(scene.public, "GET", path) for path in paths]
    inside = lambda: [
        ask(scene.organisers, "GET", f"/organiser/{path}", [scene.bearer("first")]) for path in ("counts", "batches")
    ]
    before = look(), inside()
    code = scene.kinds["wait"].pop()
    scene.pledge(scene.obtain(code, 3))
    assert (look(), inside()) == before, "a pledge that waits changes what is shown"
