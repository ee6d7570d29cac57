"""What can be done to a campaign from beside it: a clock that jumps, a log that is handed over for a restore, a raid, and the
server's doors while it starts, stops and is started twice."""

import os
import re
import shutil
import subprocess
import time

from attacking import attack, refused
from folders import CONTROL, attempted
from person import bytes_of
from scene import HOUR, MOMENTS
from wire import ask, until


@attack("open", "issuing over")
def a_clock_that_jumps(scene):
    """A close, a tick or an opening before its time, by setting the machine's clock; and pledges lost by setting it back."""
    now = MOMENTS[scene.state]
    before = scene.counts()
    for jump in (30 * 24 * HOUR, 3 * HOUR, -10 * HOUR):
        scene.set_clock(now + jump)
        time.sleep(0.6)
        assert scene.counts() == before, f"after a jump of {jump} s: {scene.counts()}"
        refused(
            ask(scene.public, "POST", "/token-request", *scene.person().asks("0" * 32)),
            "invite-unknown" if scene.state == "open" else "closed",
        )
        assert (scene.data / "keys").exists() and ask(scene.public, "GET", "/healthz").body.startswith(b"ok")
    scene.set_clock(now)
    time.sleep(0.3)
    assert scene.counts() == before


@attack("before", "open", "closed")
def a_second_server_in_the_folder(scene):
    """Two servers that each sign or count by themselves, or a start without the e-mail key that sends by another."""
    said = attempted(
        scene, "serve", "--data", scene.data, "--listen", "127.0.0.1:0", "--organiser-listen", "127.0.0.1:0"
    )
    assert "nother server uses" in said, said
    assert scene.serves()


@attack("open")
def a_log_for_a_restore_that_is_a_trap(scene):
    """A restore that hangs, fills the memory, or brings back a campaign with another history."""
    place = scene.folder / "restoring"
    place.mkdir()
    made = subprocess.run(["age-keygen", "-o", place / "identity"], capture_output=True, check=True).stderr.decode()
    scene.run(
        "backup", "--data", scene.data, "--to", place / "backup", "--recipient", re.search(r"age1\w+", made).group()
    )
    good = place / "log-good"
    scene.run("audit", scene.url, "--keep", good, program="headcount")
    files = [path.relative_to(good) for path in (good / "log").rglob("*") if path.is_file()]
    restore = lambda log: attempted(
        scene,
        "restore",
        "--from",
        place / "backup",
        "--identity",
        place / "identity",
        "--log",
        log,
        "--data",
        place / "restored",
    )
    for trick in ("pipe", "zero", "huge", "flip", "checkpoint"):
        for name in files:
            bad = place / "bad"
            shutil.rmtree(bad, ignore_errors=True)
            shutil.copytree(good, bad)
            file = bad / name
            data = file.read_bytes()
            file.unlink()
            if trick == "pipe":
                os.mkfifo(file)
            elif trick == "zero":
                file.symlink_to("/dev/zero")
            elif trick == "huge":
                with open(file, "wb") as grown:
                    grown.truncate(1 << 36)
            elif trick == "flip":
                file.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
            else:
                file.write_bytes(data.replace(b"\n", b"\n\n", 1) if name.name == "checkpoint" else data[:-1])
            said = restore(bad)
            assert not (place / "restored").exists(), f"{trick} {name}: {said}"
            assert not CONTROL.search(said), said
    assert "is restored" in restore(good)


@attack("issuing over")
def a_raid_in_which_something_is_left(scene):
    """Keys, used invites, waiting pledges or organisers' tokens from a machine that was raided, by its files or its server."""
    copy = scene.folder / "raided"
    listening = ["127.0.0.1:0"] * 2
    scene.stop()
    shutil.copytree(scene.data, copy)
    scene.start()
    environment = {**os.environ, **scene.clock_environment()}
    with open(scene.folder / "raided.log", "wb") as log:
        command = [
            scene.programs / "headcount-server",
            "serve",
            "--data",
            copy,
            "--listen",
            listening[0],
            "--organiser-listen",
            listening[1],
        ]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    try:
        until(lambda: b"Ctrl-C" in (scene.folder / "raided.log").read_bytes(), "a server on the copy")
        said = scene.run("raid", "--data", copy)
        assert "every private key is destroyed" in said and server.wait(10) != 0, said
    finally:
        server.kill()
        server.wait()
    left = {path.relative_to(copy).parts[0] for path in copy.rglob("*")}
    assert left <= {"genesis.json", "places.json", "map.json", "log", "page", "published", "site", "lock", "raid"}, left
    needles = [
        scene.email_key.encode(),
        bytes_of(scene.spare),
        bytes_of(scene.lost[0])[:10],
        scene.tokens_kept[-1].nonce,
    ]
    needles += [token.encode() for token in scene.tokens.values()]
    for path in copy.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(needle in data for needle in needles), f"a raid left something in {path}"
    for command in (
        ("serve", "--data", copy),
        ("backup", "--data", copy, "--to", scene.folder / "b", "--recipient", "age1x"),
        ("organiser", "add", "x", "--role", "invites", "--data", copy),
    ):
        said = attempted(scene, *command)
        assert "raid" in said or command[0] == "backup" and not (scene.folder / "b").exists(), f"{command}: {said}"
    audited = scene.run("audit", copy / "site", "--json", program="headcount")
    assert '"pledges":' in audited, audited
