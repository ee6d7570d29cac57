"""Raw HTTP/1.1 over sockets: what a stranger sends byte by byte, and what comes back, read exactly."""

import json
import socket
import time
from typing import NamedTuple

PATIENCE = 20


class Reply(NamedTuple):
    """One answer."""

    version: str
    status: int
    headers: list
    body: bytes

    def all(self, name):
        return [value for key, value in self.headers if key == name]

    def header(self, name):
        found = self.all(name)
        assert len(found) < 2, f"{name} stands twice: {found}"
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)

    def problem(self):
        """The name of the refusal, or nothing."""
        if self.header("content-type") != "application/problem+json":
            return None
        return self.json()["type"].removeprefix("urn:headcount:problem:")

    def told(self):
        """Status and problem: what an answer says."""
        return self.status, self.problem()


class Line:
    """A connection."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server has said what it had to say

    def fill(self):
        """More bytes, or false where the connection has ended."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)

    def reply(self, method="GET"):
        """The next answer; nothing if the connection ends first."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.fill():
                assert not self.buffer.strip(), f"half an answer: {self.buffer[:200]!r}"
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = first.split(" ", 2)
        headers = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines)]
        status = int(status)
        reply = Reply(version, status, headers, b"")
        bare = method == "HEAD" or status in (204, 304) or status < 200
        assert reply.header("transfer-encoding") is None, "no answer here has a length that is not known before"
        length = 0 if bare else int(reply.header("content-length") or 0)
        while len(self.buffer) < length:
            assert self.fill(), "the answer is shorter than it says"
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return reply._replace(body=body)

    def replies(self):
        """All answers until the connection ends."""
        found = []
        while (reply := self.reply()) is not None:
            found.append(reply)
        return found

    def ends(self):
        """Whether the other side ends the connection and says nothing more."""
        return not self.fill() and not self.buffer


def head(method, path, headers=(), host="count.example"):
    """The bytes of a head without the empty line."""
    lines = [f"{method} {path} HTTP/1.1"] + ([f"host: {host}"] if host else [])
    lines += [f"{name}: {value}" for name, value in headers]
    return "".join(line + "\r\n" for line in lines).encode("latin-1", "surrogateescape")


def message(method, path, headers=(), body=b"", host="count.example"):
    """The bytes of a whole request with its length."""
    length = [("content-length", len(body))] if body or method in ("POST", "PUT", "PATCH") else []
    return head(method, path, [*headers, *length], host) + b"\r\n" + body


def ask(address, method, path, headers=(), body=b"", host="count.example"):
    """One request over a connection of its own."""
    with Line(address) as line:
        line.send(message(method, path, [*headers, ("connection", "close")], body, host))
        reply = line.reply(method)
        assert reply is not None, f"no answer to {method} {path[:80]}"
        assert line.ends(), f"something follows the answer to {method} {path[:80]}"
        return reply


def raw(address, data):
    """All answers to these bytes; the connection's end is waited for."""
    with Line(address) as line:
        line.send(data)
        line.socket.shutdown(socket.SHUT_WR)
        return line.replies()


def until(true, what, seconds=PATIENCE):
    """Waits until it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it does not come: {what}"
        time.sleep(0.05)
