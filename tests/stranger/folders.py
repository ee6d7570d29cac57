"""Files: crafted ones that an operator is handed, what the folder of a campaign shows, and what a raid leaves."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess

from attacking import attack
from person import bytes_of

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@attack("open")
def words_to_the_operators_terminal(scene):
    """A sequence that a terminal obeys, in a name or a file that a command repeats: a hidden line, another title, a key pressed."""
    folder = scene.folder / "crafted"
    folder.mkdir()
    good = (scene.folder / "campaign.toml").read_text()
    places = (scene.folder / "places.json").read_text()
    escape = "\x1b]0;owned\x07\x1b[2J\u202e"
    quoted = json.dumps(escape)[1:-1]
    for at, (name, text) in enumerate(
        {
            "campaign.toml": good.replace('"places.json"', f'"{quoted}places.json"'),
            "c2": good.replace("rehearsal = true", f'rehearsal = true\n"{quoted}" = 1'),
            "c3": good.replace('issuer_name = "', f'issuer_name = "{quoted}'),
            "c4": good.replace('en = "A', f'en = "{quoted}A'),
            "c5": good.replace('"*.edu"', f'"{quoted}"'),
            "c6": good.replace("k = 5", f"k = 5 {escape}"),
            "c7": good.replace("[title]", f'[title]\n"{quoted}" = "x"'),
            "c8": good.replace("true", escape),
            "c9": good + f'"{quoted}" = 1\n',
            "c10": good.replace("opens", f'"{quoted}"'),
            "c11": good.replace('organiser_key = "', f'organiser_key = "{quoted}'),
        }.items()
    ):
        (folder / name).write_text(text)
        for file in ("places.json", "map.json"):
            shutil.copy(scene.folder / file, folder / file)
        said = attempted(scene, "init", "--campaign", folder / name, "--dry-run")
        assert not CONTROL.search(said), f"{name} ({at}): {said!r}"
    for text in (
        places.replace("Upper Mill", f"Upper {quoted}"),
        places.replace('"en"', f'"{quoted}"', 1),
        places.replace('"lat"', f'"{quoted}"', 1),
        places.replace('"North"', f'"{quoted}"'),
    ):
        (folder / "places.json").write_text(text)
        said = attempted(scene, "init", "--campaign", folder / "good.toml", "--dry-run")
        (folder / "good.toml").write_text(good)
        said = attempted(scene, "init", "--campaign", folder / "good.toml", "--dry-run")
        assert not CONTROL.search(said), repr(said)
    for name in (escape, "\x9b31m", "a\nb"):
        for command in (
            ("organiser", "remove", name, "--data", scene.data),
            ("organiser", "add", name, "--data", scene.data),
            ("check", "--data", folder / name),
            (
                "restore",
                "--from",
                folder / name,
                "--identity",
                folder / name,
                "--log",
                folder / name,
                "--data",
                folder / "x",
            ),
            ("serve", "--data", folder / name),
            ("init", "--campaign", folder / name, "--dry-run"),
            ("raid", "--data", folder / name),
        ):
            said = attempted(scene, *command)
            assert not CONTROL.search(said), f"{command[:2]}: {said!r}"


def attempted(scene, *arguments, program="headcount-server", seconds=20):
    """Both streams of a program that may fail, but must end, and not by a panic."""
    environment = {**os.environ, **scene.clock_environment()}
    done = subprocess.run(
        [scene.programs / program, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        timeout=seconds,
    )
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode >= 0 and "panicked" not in said, f"{arguments}: {done.returncode} {said}"
    return said


@attack("before")
def a_campaign_file_that_names_other_files(scene):
    """An `init` that hangs, fills its memory, or shows a file of the operator's, by what a campaign file calls its places."""
    good = (scene.folder / "campaign.toml").read_text()
    secret = scene.folder / "secret"
    secret.write_text("correct horse battery staple")
    os.mkfifo(scene.folder / "pipe")
    with open(scene.folder / "huge", "wb") as made:
        made.truncate(1 << 36)
    for name in (
        "/dev/zero",
        "pipe",
        "huge",
        "secret",
        "../" * 9 + str(secret),
        ".",
        "",
        "/proc/self/mem",
        "/dev/stdin",
        "x\\u0000y",
        "/proc/self/environ",
    ):
        for key in ("places", "map"):
            (scene.folder / "odd.toml").write_text(good.replace(f'{key} = "{key}.json"', f'{key} = "{name}"'))
            said = attempted(scene, "init", "--campaign", scene.folder / "odd.toml", "--data", scene.folder / "odd")
            assert not (scene.folder / "odd").exists() and "horse" not in said and "LD_PRELOAD" not in said, (
                f"{key} = {name}: {said}"
            )


@attack("open")
def a_public_log_that_was_handed_over(scene):
    """A folder for an audit or a restore that hangs it, fills its memory, or has it read another file."""
    folder = scene.folder / "mirror"
    scene.run("audit", scene.url, "--keep", folder, program="headcount")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files, "an audit keeps the log"
    for at, trick in enumerate(("pipe", "zero", "huge", "loop", "folder", "secret", "none")):
        for name in files:
            other = scene.folder / f"mirror-{trick}"
            shutil.rmtree(other, ignore_errors=True)
            shutil.copytree(folder, other)
            file = other / name
            file.unlink()
            if trick == "pipe":
                os.mkfifo(file)
            elif trick == "huge":
                with open(file, "wb") as made:
                    made.truncate(1 << 36)
            elif trick == "folder":
                file.mkdir()
            elif trick != "none":
                file.symlink_to({"zero": "/dev/zero", "loop": file, "secret": scene.data / "organisers.json"}[trick])
            said = attempted(scene, "audit", other, program="headcount")
            assert "token_sha256" not in said, f"{trick} {name}: {said}"


def listing(scene):
    """Every file and folder of the campaign with its mode, but for names that ticks give."""
    found = {}
    for path in scene.data.rglob("*"):
        name = str(path.relative_to(scene.data))
        found[name] = stat.S_IMODE(path.lstat().st_mode)
        assert not path.is_symlink(), f"{name} is a link"
    return found


@attack()
def files_that_others_can_read(scene):
    """A secret by another user of the machine, or a file whose name tells of a request."""
    public = ("genesis.json", "places.json", "map.json", "log", "page", "site", "published", "lock")
    modes = listing(scene)
    for name, mode in modes.items():
        above = [str(folder) for folder in pathlib.Path(name).parents][:-1]
        if name.split("/")[0] not in public and all(modes[folder] & 0o077 for folder in above):
            assert not mode & 0o077, f"{name} has mode {mode:o}"
        assert not mode & 0o022, f"{name} has mode {mode:o}: others write"
        assert re.fullmatch(r"[\w./-]+", name), f"a file is called {name!r}"


@attack()
def what_a_seized_disk_tells(scene):
    """An address, a code, a token or a place on the disk, or in what the server printed."""
    needles = {
        f"the code {code}": bytes_of(code) for code in (scene.spare, scene.lost[0] if scene.lost else scene.spare)
    }
    needles |= {f"{name}'s token": token.encode() for name, token in scene.tokens.items()}
    needles |= {
        "the e-mail key": scene.email_key.encode(),
        "an address": b"post.example\n",
        "a mailbox": b"twice@",
        "a user agent": b"stranger-agent",
        "loopback": b"127.0.0.1:4",
    }
    needles["a code in text"] = scene.spare.encode()
    for path in [*scene.data.rglob("*"), scene.folder / "server.log"]:
        if path.is_file() and "genesis" not in path.name and path.parent.name != "site":
            data = path.read_bytes()
            for what, needle in needles.items():
                assert needle not in data or needle == b"127.0.0.1:4", f"{what} is in {path}"
    said = (scene.folder / "server.log").read_text()
    assert not CONTROL.search(said) and "panicked" not in said, said
    known = (
        "Campaign ",
        "Participants and public",
        "Its memory is",
        "Ctrl-C",
        "Invites by e-mail are sent.",
        "headcount-server: the clock",
    )
    for line in said.splitlines():
        assert line.startswith(known), f"the server says {line!r}"
        assert not re.search(r"\d\d:\d\d", line.replace(scene.url, "")), f"a time in {line!r}"
