"""A participant's side of the protocol, from the published documents alone: invites, blinding, tokens, pledges, receipts;
and the organisers' signed notes."""

import base64
import hashlib
import json
import secrets
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives import serialization

TOKEN_REQUEST = "application/private-token-request"
TOKEN_RESPONSE = "application/private-token-response"
PLEDGE = "application/vnd.headcount.pledge"
RECEIPT = "application/vnd.headcount.receipt"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data):
    return base64.urlsafe_b64encode(data).decode()


def unb64(text):
    return base64.urlsafe_b64decode(text)


def mgf(seed, length):
    blocks = (hashlib.sha384(seed + struct.pack(">I", n)).digest() for n in range(length // 48 + 1))
    return b"".join(blocks)[:length]


def pss(message, salt, bits):
    """EMSA-PSS-ENCODE with SHA-384 (RFC 8017 section 9.1.1) for a modulus of so many bits."""
    length = (bits - 1 + 7) // 8
    digest = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + salt).digest()
    block = bytes(length - 2 - len(salt) - 48) + b"\x01" + salt
    masked = bytearray(a ^ b for a, b in zip(block, mgf(digest, len(block))))
    masked[0] &= 0xFF >> (8 * length - (bits - 1))
    return bytes(masked) + digest + b"\xbc"


class Campaign:
    """What everybody can read of a campaign."""

    def __init__(self, document):
        self.genesis = json.loads(document)
        self.id = sha256(b"\0", document)
        self.spki = unb64(self.genesis["token_key"])
        self.key_id = sha256(self.spki)
        self.key = serialization.load_der_public_key(self.spki).public_numbers()
        issuer = self.genesis["issuer_name"].encode()
        origin = ",".join(filter(None, [self.genesis["origin_name"], self.genesis["onion"]])).encode()
        parts = struct.pack(">HH", 2, len(issuer)), issuer, b"\x20", self.id, struct.pack(">H", len(origin)), origin
        self.challenge = sha256(*parts)

    def request(self, blinded, key=None, kind=2):
        """A TokenRequest for a blinded message, a number or 256 bytes."""
        blinded = blinded.to_bytes(256, "big") if isinstance(blinded, int) else blinded
        return struct.pack(">HB", kind, self.key_id[-1] if key is None else key) + blinded

    def receipt_holds(self, receipt, nonce):
        key = Ed25519PublicKey.from_public_bytes(unb64(self.genesis["receipt_key"]))
        try:
            key.verify(receipt, b"headcount/v1/receipt" + self.id + nonce)
        except InvalidSignature:
            return False
        return True


class Person:
    """One participation: a place, its salts, a blinded request; with an answer, a token."""

    def __init__(self, campaign, place, region):
        self.campaign, self.place = campaign, place
        self.salts = secrets.token_bytes(32), secrets.token_bytes(32)
        closed = [
            sha256(b"headcount/v1/" + label, struct.pack(">I", area), salt)
            for label, area, salt in zip((b"place", b"region"), (place, region), self.salts)
        ]
        self.nonce = sha256(b"headcount/v1/nonce", *closed)
        self.input = struct.pack(">H", 2) + self.nonce + campaign.challenge + campaign.key_id
        n, e = campaign.key.n, campaign.key.e
        self.factor = secrets.randbelow(n - 2) + 2
        encoded = int.from_bytes(pss(self.input, secrets.token_bytes(48), n.bit_length()), "big")
        self.request = campaign.request(encoded * pow(self.factor, e, n) % n)
        self.token = None

    def finish(self, answer):
        n = self.campaign.key.n
        signature = int.from_bytes(answer, "big") * pow(self.factor, -1, n) % n
        self.token = self.input + signature.to_bytes(256, "big")

    @property
    def pledge(self):
        return struct.pack(">I", self.place) + b"".join(self.salts)

    def asks(self, code):
        """Headers and body with which a token is asked for."""
        return [("authorization", f"Bearer {code}"), ("content-type", TOKEN_REQUEST)], self.request

    def pledges(self, token=None, pledge=None):
        """Headers and body with which it is spent."""
        value = f'PrivateToken token="{b64(self.token if token is None else token)}"'
        return [("authorization", value), ("content-type", PLEDGE)], self.pledge if pledge is None else pledge


def code_of(link):
    """The code in an invite link, which never reaches a server by itself."""
    return link.split("#i=")[1].split("&")[0]


def bytes_of(code):
    number = 0
    for letter in code.replace("-", "").upper():
        number = number << 5 | CROCKFORD.index(letter)
    return number.to_bytes(20, "big")


def code_from(data):
    number = int.from_bytes(data, "big")
    letters = "".join(CROCKFORD[number >> shift & 31] for shift in range(155, -1, -5))
    return "-".join(letters[at : at + 4] for at in range(0, 32, 4))


class Hand:
    """The organisers' key, on their own device, and notes signed by it (C2SP signed-note)."""

    def __init__(self, key=None):
        self.key = key or Ed25519PrivateKey.generate()
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.public = self.key.public_key().public_bytes(*raw)

    def line(self, name, text):
        """The signature line of a name over a text."""
        key_id = sha256(name.encode(), b"\n\x01", self.public)[:4]
        return f"— {name} {base64.b64encode(key_id + self.key.sign(text.encode())).decode()}\n"

    def note(self, campaign, number, text, date=None, campaign_id=None, name=None, body=None):
        """A signed announcement."""
        body = body or json.dumps({"date": date, "text": text}, ensure_ascii=False)
        campaign_id = campaign_id or campaign.id.hex()
        lines = f"headcount/v1/announcement\n{campaign_id}\n{number}\n{body}\n"
        name = name or f"{campaign.genesis['origin_name']}/{campaign.id.hex()}/organiser"
        return f"{lines}\n{self.line(name, lines)}"
