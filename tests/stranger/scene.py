"""The scene: a campaign made by `headcount-server init`, served by `serve` with a clock that can be set, organisers of every
role, a mail server, honest participants, and what all of them know was counted."""

import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import time

from person import Campaign, Hand, Person, b64, code_of
from wire import ask, until

HOUR = 3600
K = 5
PLACES = [(0, "Upper Mill"), (0, "=SUM(A1:A9)"), (1, "Lower <b>Mill</b>"), (1, "Far Mill")]
#: When each state is, in seconds from `opens`.
MOMENTS = {
    "before": -600,
    "collecting": HOUR // 2,
    "open": 2 * HOUR + 600,
    "issuing over": 6 * HOUR + 600,
    "closed": 8 * HOUR + 5,
}
SCHEDULE = {"pledges_open": 2 * HOUR, "issuing_closes": 6 * HOUR, "closes": 8 * HOUR}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Scene:
    """One campaign and everybody around it."""

    def __init__(self, folder, programs, post_office):
        self.folder, self.programs = pathlib.Path(folder), pathlib.Path(programs)
        self.data = self.folder / "data"
        self.child = None
        self.told = ""
        self.public = ("127.0.0.1", free_port())
        self.organisers = ("127.0.0.1", free_port())
        self.url = f"http://127.0.0.1:{self.public[1]}"
        self.organiser_url = f"http://127.0.0.1:{self.organisers[1]}"
        self.hand = Hand()
        self.opens = int(time.time()) // 60 * 60 + 2 * HOUR
        self.make_clock()
        self.make_campaign()
        self.mail = PostOffice(self.folder / "post", post_office)
        self.make_page()
        self.tokens = {"first": self.first}
        for name, roles in {
            "reads": ("reads",),
            "invites": ("invites",),
            "announces": ("announces",),
            "removed": ("invites",),
        }.items():
            self.tokens[name] = self.account(name, *roles)
        self.run("organiser", "remove", "removed", "--data", self.data)
        self.pending, self.published = {}, {}
        self.spare, self.kept, self.spent, self.lost, self.tokens_made = "0" * 32, None, None, None, False
        self.kinds, self.tokens_kept, self.reserve = {}, [], []
        self.state = "before"

    def run(self, *arguments, program="headcount-server", feed="", fails=False, clocked=True):
        """Runs a program to its end; its standard output, or standard error where it has to fail."""
        environment = {**os.environ, **(self.clock_environment() if clocked else {})}
        done = subprocess.run(
            [self.programs / program, *map(str, arguments)],
            input=feed.encode(),
            capture_output=True,
            env=environment,
            timeout=120,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "panicked" not in err, err
        assert (done.returncode != 0) == fails, f"{program} {arguments}: {out}\n{err}"
        return err if fails else out

    # the clock

    def make_clock(self):
        source = pathlib.Path(__file__).with_name("clock.c")
        self.library, self.clock_file = self.folder / "clock.so", self.folder / "clock"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", self.library, source, "-ldl"], check=True)
        self.clock_file.write_bytes(struct.pack("=q", 0))

    def clock_environment(self):
        return {"LD_PRELOAD": str(self.library), "CLOCK_FILE": str(self.clock_file)}

    def set_clock(self, moment):
        """Sets the time, in seconds from `opens`, of the server that runs and of the next."""
        with open(self.clock_file, "r+b") as file:
            file.write(struct.pack("=q", int(self.opens + moment - time.time())))

    # the campaign

    def make_campaign(self):
        places = {
            "regions": [{"name": {"en": "North"}}, {"name": {"en": "South"}}],
            "places": [
                {"region": region, "name": {"en": name}, "lat": 50 + at, "lon": 30 + at, "population": 1000}
                for at, (region, name) in enumerate(PLACES)
            ],
        }
        (self.folder / "places.json").write_text(json.dumps(places))
        (self.folder / "map.json").write_text("{}")
        here = f"127.0.0.1:{self.public[1]}"
        times = {name: self.opens + at for name, at in {"opens": 0, **SCHEDULE}.items()}
        values = {
            "places": "places.json",
            "map": "map.json",
            "target": 100,
            "eligible": 3000,
            "k": K,
            "tick_seconds": HOUR,
        }
        values |= {
            **times,
            "issuer_name": here,
            "origin_name": here,
            "organiser_key": b64(self.hand.public),
            "rehearsal": True,
        }
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
        title = 'A "vote" </title><script>alert(1)</script>'
        text += f'[title]\nen = {json.dumps(title)}\n[text]\nen = "<img src=x onerror=alert(2)> {{{{7*7}}}} ${{7*7}}"\n'
        text += '[email]\nmaximum = 40\ndomains = ["post.example", "*.edu"]\n'
        (self.folder / "campaign.toml").write_text(text)
        said = self.run("init", "--campaign", self.folder / "campaign.toml", "--data", self.data)
        secret = lambda label: re.search(label + r"[^\n]*:?\n+\s*([\w-]{43})=?\s", said).group(1)
        self.first, self.email_key = secret("organiser"), secret("e-mail key")
        self.campaign = Campaign((self.data / "genesis.json").read_bytes())

    def make_page(self):
        """A small registration page with its manifest."""
        self.page = self.folder / "page"
        self.page.mkdir()
        files = {"index.html": b"<!doctype html><title>page</title>\n", "registration.wasm": b"\0asm\1\0\0\0"}
        for name, data in files.items():
            (self.page / name).write_bytes(data)
        listed = [
            {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        ]
        manifest = {"compiler": "debian rustc-web 1.96.0", "files": listed}
        (self.page / "manifest.json").write_text(json.dumps(manifest, separators=(",", ":")) + "\n")

    def account(self, name, *roles):
        roles = [item for role in roles for item in ("--role", role)]
        said = self.run("organiser", "add", name, *roles, "--data", self.data)
        return re.search(r"^\s*([\w-]{43})\s*$", said, re.M).group(1)

    # the server

    def start(self, *more):
        assert self.child is None
        self.log = open(self.folder / "server.log", "ab")
        key, key_given = os.pipe()
        word, word_given = os.pipe()
        os.write(key_given, self.email_key.encode() + b"\n")
        os.write(word_given, b"right horse\n")
        os.close(key_given), os.close(word_given)
        mail = [
            "--smtp",
            f"smtp://localhost:{self.mail.port}",
            "--smtp-user",
            "ann",
            "--smtp-ca",
            self.mail.folder / "ca.pem",
        ]
        mail += ["--email-from", "post@campaign.example", "--email-key-fd", key, "--smtp-password-fd", word]
        listens = ["--listen", "%s:%d" % self.public, "--organiser-listen", "%s:%d" % self.organisers]
        arguments = [
            "serve",
            "--data",
            self.data,
            "--page",
            self.page,
            *listens,
            *(mail if self.state in ("before", "collecting", "open") else []),
            *more,
        ]
        environment = {**os.environ, **self.clock_environment(), "RUST_BACKTRACE": "1"}
        self.child = subprocess.Popen(
            [self.programs / "headcount-server", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env=environment,
            pass_fds=(key, word),
        )
        os.close(key), os.close(word)
        until(self.serves, "the server serves")

    def serves(self):
        assert self.child.poll() is None, (self.folder / "server.log").read_text()
        try:
            return ask(self.public, "GET", "/healthz").status == 200
        except OSError:
            return False

    def stop(self):
        if self.child:
            self.child.send_signal(signal.SIGTERM)
            ended = self.child.wait(30)
            self.child = None
            self.log.close()
            # told before it listens for that, it ends as any program does
            assert ended in (0, -signal.SIGTERM), f"the server ended with {ended}"

    def enter(self, state):
        """Goes to a state of the campaign by a fresh start at its time."""
        self.stop()
        self.state = state
        self.set_clock(MOMENTS[state])
        self.start()
        if state != "closed":
            # ticks that were missed clean the stores a moment after the start, and until then count for the one before
            last = max(-2, (MOMENTS[state] - SCHEDULE["pledges_open"]) // HOUR)
            fresh = [self.data / f"attestation/since-{last}"]
            until(lambda: list(self.data.glob("attestation/since-*")) == fresh, f"the cleaning after tick {last}")

    def end(self):
        if self.child:
            self.child.kill()
            self.child.wait()
        self.mail.end()

    # what people do

    def bearer(self, name):
        return ("authorization", f"Bearer {self.tokens[name]}")

    def organise(self, path, value, name="first"):
        headers = [self.bearer(name), ("content-type", "application/json")]
        return ask(self.organisers, "POST", f"/organiser/{path}", headers, json.dumps(value).encode())

    def codes(self, batch, count, name="first", **more):
        reply = self.organise("invites", {"batch": batch, "count": count, **more}, name)
        assert reply.status == 200, reply
        return [code_of(link) for link in reply.json()["links"]]

    def person(self, place=0):
        return Person(self.campaign, place, PLACES[place][0])

    def obtain(self, code, place=0):
        """An honest participant's token."""
        person = self.person(place)
        reply = ask(self.public, "POST", "/token-request", *person.asks(code))
        assert reply.status == 200 and len(reply.body) == 256, reply
        person.finish(reply.body)
        return person

    def pledge(self, person, expected=201):
        """An honest participant's pledge."""
        reply = ask(self.public, "POST", "/pledges", *person.pledges())
        assert reply.status == expected and self.campaign.receipt_holds(reply.body, person.nonce), reply
        if expected == 201:
            self.pending[person.place] = self.pending.get(person.place, 0) + 1

    def tick(self, moment):
        """Lets a tick end by the clock, and demands exactly the numbers that follow from the receipts."""
        size = self.counts()["log_size"]
        for place, count in list(self.pending.items()):
            if count >= K:
                self.published[str(place)] = self.published.get(str(place), 0) + self.pending.pop(place)
        self.set_clock(moment)
        until(lambda: self.counts()["log_size"] > size, "the tick")
        assert self.counts()["places"] == self.published, (self.counts(), self.published)

    def counts(self):
        return ask(self.public, "GET", "/counts.json").json()

    def audit(self):
        said = json.loads(self.run("audit", self.url, "--json", program="headcount").splitlines()[-1])
        return said


class PostOffice:
    """The mail server of the tests (tests/mail/python), with what it took."""

    def __init__(self, folder, program):
        folder.mkdir()
        self.folder = folder
        self.file = open(folder / "mails", "w+")
        command = [sys.executable, program, folder, "0", "50", "tls"]
        self.child = subprocess.Popen(command, stdout=self.file, stderr=subprocess.DEVNULL)
        until(lambda: self.lines(), "the mail server")
        self.port = self.lines()[0]["port"]

    def lines(self):
        whole = (self.folder / "mails").read_text().splitlines(keepends=True)
        return [json.loads(line) for line in whole if line.endswith("\n")]

    def mails(self):
        return [line for line in self.lines() if "to" in line]

    def end(self):
        self.child.kill()
        self.child.wait()
