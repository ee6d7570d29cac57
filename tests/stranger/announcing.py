"""Announcements: to speak to everybody in the organisers' name, or to put words beside theirs that nobody can take out again."""

from attacking import attack, refused
from forging import everybody_at_once
from person import Hand
from wire import ask, message, until


@attack("open")
def an_announcement_that_the_organisers_did_not_sign(scene):
    """A word to everybody in the organisers' name: forged, of another campaign, repeated, left out, or with more than they signed."""
    url = "/organiser/announcement"
    kind = ("content-type", "text/plain; charset=utf-8")
    say = lambda note: ask(
        scene.organisers,
        "POST",
        url,
        [scene.bearer("announces"), kind],
        note.encode() if isinstance(note, str) else note,
    )
    campaign, hand, mallory = scene.campaign, scene.hand, Hand()
    text = {"en": "<script>alert(6)</script> at noon \u202e"}
    good = hand.note(campaign, 1, text)
    name = f"{campaign.genesis['origin_name']}/{campaign.id.hex()}/organiser"
    lines = good.split("\n\n")[0] + "\n"
    forged = [
        mallory.note(campaign, 1, text),
        hand.note(campaign, 2, text),
        hand.note(campaign, 0, text),
        hand.note(campaign, 1, text, campaign_id="00" * 32),
        hand.note(campaign, "01", text),
        hand.note(campaign, "+1", text),
        hand.note(campaign, 1, text, name="x"),
        good.replace("noon", "nine"),
        good + good,
        good.replace("\n", "\r\n"),
        "\ufeff" + good,
        good[:-1],
        good + "\n",
        lines + "\n",
        lines,
        "",
        hand.note(campaign, 1, text, body='{"date":null,"text":{"en":"a","en":"b"}}'),
        hand.note(campaign, 1, text, body='{"date":null,"text":{"en":"a"},"x":1}'),
        hand.note(campaign, 1, text, body="[null,{}]"),
        hand.note(campaign, 1, text, date=2**63),
        hand.note(campaign, 1, text, body='{"date":-1,"text":{"en":"a"}}'),
        hand.note(campaign, 4294967297, text),
        # signatures that nobody checks, in which somebody else's words go into the log for ever
        good + mallory.line("the-attackers-words-for-ever", lines),
        good.replace(f"— {name}", mallory.line("Anna.Petrova,Lenina.5", lines) + f"— {name}"),
        good + mallory.line(name, lines),
        good + hand.line(name, lines),
        good + "— x " + "QUJDRA" * 200 + "==\n",
    ]
    size = scene.counts()["log_size"]
    for at, note in enumerate(forged):
        refused(say(note), "malformed")
        assert scene.counts()["log_size"] == size, f"note {at} is in the log"
    for who in ("reads", "invites"):
        assert ask(scene.organisers, "POST", url, [scene.bearer(who), kind], good.encode()).status == 403
    answers = everybody_at_once(
        scene.organisers, [message("POST", url, [scene.bearer("announces"), kind], good.encode())] * 20
    )
    assert {reply.told() for reply in answers} <= {(202, None), (400, "malformed")}, answers
    until(lambda: scene.counts()["announcement"] is not None, "the announcement")
    assert scene.counts()["log_size"] == size + 1 and scene.counts()["announcement"]["note"] == good
    for again in (good, hand.note(campaign, 1, {"en": "another"}), hand.note(campaign, 3, text)):
        say(again)
        assert scene.counts()["log_size"] == size + 1, "an announcement repeated or left out is in the log"
    for address, path in ((scene.public, "/"), (scene.public, "/en/")):
        page = ask(address, "GET", path).body.decode()
        assert "alert(6)" in page and "<script>alert" not in page, "an announcement runs as a script"
