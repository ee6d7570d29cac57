"""A registration in about two hundred lines, from WIRE.md (§ = its sections), to be read in one sitting.

    short_client.py PLACE [WAIT]     the invite link is the first line of standard input; PLACE is an index

A second line of twelve numbers is the phrase of an earlier try; without it a new one is drawn, and shown. WAIT is the
pause before the pledge in seconds, where the random one is too long for a test. stdout gets one line of JSON with the
nonce, by which the pledge is known in the log: keep it secret.

A REVIEWER'S PROGRAM, NOT FOR PARTICIPANTS: it asks nothing, knows no Tor, repeats nothing, computes in time that depends
on secrets and erases no memory. Of the genesis it reads what it uses, of the log the signature of its checkpoint.
second_client.py checks everything, reads the vectors and finds its pledge again.
"""
import base64, hashlib, hmac, http.client, json, random, re, secrets, sys, time
from types import SimpleNamespace
from urllib.parse import urlsplit
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

SPKI = bytes.fromhex("30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d010"
                     "108300b0609608648016503040202a2030201300382010f003082010a0282010100")  # §4.5
E = 65537


def refuse(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(3)


def demand(holds, otherwise):
    if not holds:
        refuse(otherwise)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    return base64.b64decode(text, b"-_", validate=True)


# --- §10: one request over a connection of its own; a redirect or another length is the end of it ---
def ask(url, limit, headers=None, body=None, media_type=None):
    where = urlsplit(url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.netloc, timeout=120)
    try:
        connection.request("GET" if body is None else "POST", where.path, body, headers or {})
        answer = connection.getresponse()
        read = answer.read(limit + 1)
    except (OSError, http.client.HTTPException):
        refuse("No answer: nobody knows whether the request arrived. Try again with the same phrase and place.")
    finally:
        connection.close()
    if answer.status not in (200, 201):
        found = re.search(rb'"urn:headcount:problem:([a-z-]+)"', read[:16384])
        refuse(f"The server refused: {found[1].decode() if found else answer.status}.")
    right = len(read) <= limit and media_type in (None, answer.getheader("Content-Type"))
    demand(right, "The server misbehaves: stop.")
    return answer.status, read


# --- §3: the invite link ---
def read_link(link):
    match = re.fullmatch(r"(https?://[^/?#]+)/join#(.+)", link.strip())
    demand(match, "This is not an invite link.")
    members = dict(part.partition("=")[::2] for part in match[2].split("&"))
    demand(sorted(members) == ["c", "i"], "The link must carry a campaign and an invite.")
    return match[1], members["i"], base64.b32decode(members["c"].upper() + "====")


# --- §4: the campaign, which the link pins ---
def url_of(name):
    host = name.rsplit(":", 1)[0] if not name.endswith("]") else name
    plain = host in ("localhost", "[::1]") or host.startswith("127.") or host.endswith(".onion")
    return ("http://" if plain else "https://") + name


def read_campaign(base, campaign_id):
    raw = ask(base + "/campaign", 65535)[1]
    demand(sha256(b"\0", raw) == campaign_id, "This is another campaign than the link's: tell whoever gave it to you.")
    genesis = json.loads(raw)
    demand(base in map(url_of, filter(None, (genesis["origin_name"], genesis["onion"]))), "The link leads elsewhere.")
    places = ask(base + "/places.json", 32 << 20)[1]
    demand(sha256(places) == unbase64(genesis["places_sha256"]), "The list of places is not the campaign's.")
    key = unbase64(genesis["token_key"])
    demand(len(key) == 342 and key[:81] == SPKI and key[337:] == bytes.fromhex("0203010001"), "A strange key.")
    n = int.from_bytes(key[81:337], "big")
    demand(n >> 2047 and n & 1, "A strange key.")
    issuer = url_of(genesis["issuer_name"])
    directory = json.loads(ask(issuer + "/.well-known/private-token-issuer-directory", 65536)[1])
    [only] = directory["token-keys"]
    demand(unbase64(only["token-key"]) == key and only["token-type"] == 2 and
           directory["issuer-request-uri"] == "/token-request", "Another key of the issuer's could mark you: stop.")
    origins = genesis["origin_name"] + ("," + genesis["onion"] if genesis["onion"] else "")
    challenge = b"\0\2" + b"".join(len(part).to_bytes(size, "big") + part for size, part in (
        (2, genesis["issuer_name"].encode()), (1, campaign_id), (2, origins.encode())))  # §7.1
    return SimpleNamespace(id=campaign_id, genesis=genesis, places=json.loads(places)["places"], issuer=issuer, n=n,
                           key_id=sha256(key), challenge_digest=sha256(challenge))


def is_signed(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(unbase64(key)).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def check_checkpoint(base, campaign):
    """§12: that there is a log, which the campaign's key signs."""
    text, _, lines = ask(base + "/log/checkpoint", 65536)[1].decode().partition("\n\n")
    name, key = f"{campaign.genesis['origin_name']}/{campaign.id.hex()}", campaign.genesis["log_key"]
    key_id = sha256(name.encode(), b"\n\1", unbase64(key))[:4]
    ours = [line for line in lines.splitlines() if line.startswith(f"\u2014 {name} ")]
    signatures = [base64.b64decode(line.split(" ")[2]) for line in ours]
    demand(text.split("\n")[0] == name and any(one[:4] == key_id and is_signed(key, one[4:], (text + "\n").encode())
                                                for one in signatures), "The log is not signed by the campaign's key.")


# --- §4.4, §6.1: numbers for words ---
def numbers(bits, count):
    return [(bits >> 11 * (count - 1 - at) & 2047) + 1 for at in range(count)]


def phrase_of(seed):
    return numbers(int.from_bytes(seed + sha256(seed)[:1], "big") >> 4, 12)


def read_phrase(line):
    bits = sum((int(number) - 1) << 11 * (11 - at) for at, number in enumerate(line.split()))
    seed = (bits >> 4).to_bytes(16, "big")
    demand(phrase_of(seed) == [int(number) for number in line.split()], "This is not a phrase.")
    return seed


# --- §6, §7.3: all that follows from phrase and place ---
def emsa_pss(message, salt):
    digest = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + salt).digest()
    mask = b"".join(hashlib.sha384(digest + counter.to_bytes(4, "big")).digest() for counter in range(5))
    masked = bytes(one ^ other for one, other in zip(bytes(158) + b"\1" + salt, mask))
    return int.from_bytes(masked + digest + b"\xbc", "big") & (1 << 2047) - 1


def derive(campaign, place, seed):
    def out(purpose):
        info = b"headcount/v1/" + purpose + campaign.id + place.to_bytes(4, "big")
        return hmac.digest(hmac.digest(bytes(32), seed, "sha256"), info + b"\1", "sha256")
    place_salt, region_salt, region = out(b"place-salt"), out(b"region-salt"), campaign.places[place]["region"]
    nonce = sha256(b"headcount/v1/nonce", sha256(b"headcount/v1/place", place.to_bytes(4, "big"), place_salt),
                   sha256(b"headcount/v1/region", region.to_bytes(4, "big"), region_salt))
    stream = Cipher(algorithms.ChaCha20(out(b"blind"), bytes(16)), None).encryptor()
    salt, factor = stream.update(bytes(48)), campaign.n
    while factor >= campaign.n:
        factor = int.from_bytes(stream.update(bytes(256)), "little")
    token_input = b"\0\2" + nonce + campaign.challenge_digest + campaign.key_id
    return SimpleNamespace(nonce=nonce, pledge=place.to_bytes(4, "big") + place_salt + region_salt, factor=factor,
                           token_input=token_input, encoded=emsa_pss(token_input, salt))


# --- §8: blind, ask, unblind, verify ---
def ask_for_token(campaign, invite, own):
    blinded = own.encoded * pow(own.factor, E, campaign.n) % campaign.n
    request = b"\0\2" + campaign.key_id[-1:] + blinded.to_bytes(256, "big")
    headers = {"Authorization": "Bearer " + invite, "Content-Type": "application/private-token-request"}
    answer = ask(campaign.issuer + "/token-request", 256, headers, request, "application/private-token-response")[1]
    authenticator = int.from_bytes(answer, "big") * pow(own.factor, -1, campaign.n) % campaign.n
    demand(len(answer) == 256 and pow(authenticator, E, campaign.n) == own.encoded,
           "The Token does not verify: do not ask again, and tell the organisers by another way.")
    return own.token_input + authenticator.to_bytes(256, "big")


# --- §9: the pledge, over another connection, and its receipt ---
def pledge(base, campaign, token, own):
    headers = {"Authorization": f'PrivateToken token="{base64.urlsafe_b64encode(token).decode()}"',
               "Content-Type": "application/vnd.headcount.pledge"}
    status, receipt = ask(base + "/pledges", 64, headers, own.pledge, "application/vnd.headcount.receipt")
    signed = b"headcount/v1/receipt" + campaign.id + own.nonce
    demand(is_signed(campaign.genesis["receipt_key"], receipt, signed), "The receipt does not verify: repeat it later.")
    return status


def main():
    place, wait = int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().uniform(0, 600)
    base, invite, campaign_id = read_link(sys.stdin.readline())
    phrase = sys.stdin.readline()
    campaign = read_campaign(base, campaign_id)
    check_checkpoint(base, campaign)
    now, genesis = time.time(), campaign.genesis
    demand(genesis["pledges_open"] <= now < genesis["closes"], "Pledges are not taken now.")
    print("Campaign, to be compared:", *numbers(int.from_bytes(campaign_id[:11], "big"), 8), file=sys.stderr)
    demand(0 <= place < len(campaign.places), "There is no such place.")
    seed = read_phrase(phrase) if phrase.strip() else secrets.token_bytes(16)
    print("Phrase, to be written down:", *phrase_of(seed), file=sys.stderr)
    own = derive(campaign, place, seed)
    token = ask_for_token(campaign, invite, own)
    time.sleep(wait)
    status = pledge(base, campaign, token, own)
    print(json.dumps({"status": status, "place": place, "nonce": own.nonce.hex()}))


if __name__ == "__main__":
    main()
