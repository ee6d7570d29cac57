"""Verifies every published pledge of a campaign's folder with Python's cryptography, as plain RSASSA-PSS.

It knows nothing but DESIGN §2 to §4: each nonce and token input is rebuilt from what the entry opens, with hashlib alone.

usage: python verify_entries.py FOLDER    prints how many verified per level; exit 3 and a sentence if one does not
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA384()), salt_length=48)
PLEDGE = struct.Struct(">BBI32s32s256s")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def commitment(label, index, salt):
    return sha256(b"headcount/v1/" + label, struct.pack(">I", index), salt)


def nonce(level, area, a, b):
    """What the entry opens, and the commitment that it leaves closed."""
    if level == 2:
        place, region = commitment(b"place", area, a), b
    elif level == 1:
        place, region = b, commitment(b"region", area, a)
    elif level == 0 and area == 0:
        place, region = a, b
    else:
        raise ValueError("no such level")
    return sha256(b"headcount/v1/nonce", place, region)


def challenge_digest(genesis, campaign_id):
    """The SHA-256 of the campaign's TokenChallenge (RFC 9577 section 2.1)."""
    issuer = genesis["issuer_name"].encode()
    origin = ",".join(filter(None, [genesis["origin_name"], genesis["onion"]])).encode()
    return sha256(
        struct.pack(">HH", 2, len(issuer)), issuer,
        struct.pack(">B", len(campaign_id)), campaign_id,
        struct.pack(">H", len(origin)), origin,
    )  # fmt: skip


def entries(folder):
    """All entries of the log, bundle by bundle; each has its length before it."""
    bundles = (folder / "log" / "tile" / "entries").rglob("*")
    for bundle in sorted(path for path in bundles if path.is_file()):
        rest = bundle.read_bytes()
        while rest:
            (length,) = struct.unpack_from(">H", rest)
            yield rest[2 : 2 + length]
            rest = rest[2 + length :]


def refuse(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(3)


def main(folder):
    document = (folder / "campaign").read_bytes()
    genesis, campaign_id = json.loads(document), sha256(b"\0", document)
    spki = base64.urlsafe_b64decode(genesis["token_key"])
    key = serialization.load_der_public_key(spki)
    digest = challenge_digest(genesis, campaign_id)
    verified = {0: 0, 1: 0, 2: 0}
    for number, entry in enumerate(entries(folder)):
        if entry[0] != 2:
            continue
        _, level, area, a, b, authenticator = PLEDGE.unpack(entry)
        token_input = struct.pack(">H", 2) + nonce(level, area, a, b) + digest + sha256(spki)
        try:
            key.verify(authenticator, token_input, PSS, hashes.SHA384())
        except InvalidSignature:
            refuse(f"entry {number}, of level {level} and area {area}, is not signed by the issuer")
        verified[level] += 1
    json.dump(verified, sys.stdout)


main(pathlib.Path(sys.argv[1]))
