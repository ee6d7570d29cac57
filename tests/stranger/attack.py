"""The whole surface tried by a stranger, over real sockets, against the programs as they are installed: every state of a
campaign, every role, every route. One line per attack; after each state the honest can still take part, the log passes
its audit, and exactly what they pledged is counted.

usage: python attack.py PROGRAMS POST_OFFICE FOLDER [NAME…]    with names only those attacks; exit 1 if any got through
"""

import pathlib
import sys
import time
import traceback

import announcing, asking, ending, folders, forging, framing, mailing, organising, surface  # noqa: E401 F401 each registers its attacks
from attacking import ATTACKS
from scene import HOUR, K, Scene
from wire import until


class Play:
    """The campaign's life, with attacks in each state."""

    def __init__(self, scene, wanted):
        self.scene, self.wanted, self.got, self.tried = scene, wanted, [], 0

    def attacks(self, state):
        self.scene.state = state
        for function, states in ATTACKS:
            if state in states and (not self.wanted or function.__name__ in self.wanted):
                begin = time.monotonic()
                try:
                    told = function(self.scene)
                    said = f"held; {told}" if told else "held"
                except Exception as error:  # an attack that got through, or that found a server which does not answer
                    traceback.print_exc()
                    said = f"GOT THROUGH: {type(error).__name__}: {error}"[:1500]
                    self.got.append(f"{function.__name__} ({state})")
                self.tried += 1
                print(
                    f"{state:13} {time.monotonic() - begin:6.2f} s  {function.__name__}  {said}", flush=True
                )
        self.honest(state)

    def honest(self, state):
        """After the attacks: the server lives, and an honest participant takes part as the state allows."""
        scene = self.scene
        assert scene.serves(), "the server does not answer"
        assert scene.counts()["state"] == {"issuing over": "open"}.get(state, state), scene.counts()["state"]
        if state == "collecting":
            scene.tokens_kept.append(scene.obtain(scene.reserve.pop(), 1))
        if state == "open":
            scene.pledge(scene.obtain(scene.reserve.pop(), 1))
        if state in ("issuing over", "closing"):
            scene.pledge(scene.tokens_kept.pop())
        print(f"{state:13} and the honest take part", flush=True)


def before(play):
    """Invites of every kind are made."""
    scene = play.scene
    codes = scene.codes
    scene.spare = codes("spare", 1)[0]
    scene.reserve = codes("honest", 40)
    scene.kinds = {
        "good": codes("good", 4),
        "revoked": codes("leak", 4),
        "exhausted": codes("narrow", 9, per_tick=K),
        "wait": codes("wait", 2),
    }
    scene.kinds["expired"] = codes("brief", 4, expires=scene.opens + 2 * HOUR)
    play.attacks("before")


def collecting(play):
    """Some of them are used, one batch is revoked, one answer is lost."""
    scene = play.scene
    scene.tokens_kept = [scene.obtain(scene.reserve.pop(), at % 2) for at in range(8)]
    scene.kept, scene.spent = scene.tokens_kept.pop(), scene.tokens_kept.pop()
    scene.tokens_made = True
    code, person = scene.reserve.pop(), scene.person(2)
    scene.lost = code, person, forging.asked(scene, code, person.request).body
    for kind in ("good", "revoked", "expired"):
        codes = scene.kinds[kind]
        for code in codes[:2]:
            scene.obtain(code)
        scene.kinds[kind] = codes[:2], codes[2:]
    assert scene.organise("batches/revoke", {"batch": "leak"}).status == 202
    play.attacks("collecting")


def opened(play):
    """A batch reaches its maximum in this tick; then the tick ends, and the clock jumps."""
    scene = play.scene
    codes = scene.kinds["exhausted"]
    for code in codes[:K]:
        scene.obtain(code)
    scene.kinds["exhausted"] = codes[:2], codes[K:]
    scene.pledge(scene.spent)
    for _ in range(K):
        scene.pledge(scene.obtain(scene.reserve.pop()))
    play.attacks("open")
    scene.tick(3 * HOUR + 5)
    audited(scene)


def closing(play):
    """The organisers close."""
    scene = play.scene
    assert scene.organise("close", {}).status == 202
    play.attacks("closing")


def audited(scene):
    """The log passes its audit, and exactly the pledges with a receipt are counted."""
    said = scene.audit()
    counts = scene.counts()
    assert said["pledges"] == counts["total"] and said["log_size"] == counts["log_size"], (said, counts)
    assert counts["places"] == scene.published, (counts, scene.published)
    print(f"{scene.state:13} and the log passes its audit with {counts['total']} pledges", flush=True)


def closed(play):
    """The last tick has published what it may; nothing more is counted than has a receipt."""
    scene = play.scene
    until(lambda: scene.counts()["state"] == "closed" and (scene.data / "site").exists(), "the close")
    play.attacks("closed")
    counts = scene.counts()
    most = sum(scene.published.values()) + sum(scene.pending.values())
    assert sum(scene.published.values()) <= counts["total"] <= most, (counts, scene.published, scene.pending)
    for place, count in scene.pending.items():
        if count >= K:
            assert counts["places"].get(str(place), 0) == scene.published.get(str(place), 0) + count, (counts, place)
    assert scene.audit()["pledges"] == counts["total"]


def main(programs, post_office, folder, wanted):
    scene = Scene(folder, programs, post_office)
    play = Play(scene, wanted)
    try:
        for state, act in (
            ("before", before),
            ("collecting", collecting),
            ("open", opened),
            ("issuing over", lambda play: play.attacks("issuing over")),
            ("closing", closing),
            ("closed", closed),
        ):
            if state != "closing":
                scene.enter(state)
            act(play)
        scene.stop()
    finally:
        scene.end()
    print(f"{play.tried} attacks tried, {len(play.got)} got through: {', '.join(play.got) or 'none'}")
    return 1 if play.got else 0


if __name__ == "__main__":
    programs, post_office, folder, *wanted = sys.argv[1:]
    sys.exit(main(pathlib.Path(programs), pathlib.Path(post_office), pathlib.Path(folder), wanted))
