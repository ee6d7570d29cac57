"""What second_client.py reads and checks before it acts, from WIRE.md alone (§ = its sections, as everywhere)."""
import base64, hashlib, ipaddress, json, re
from pathlib import Path
from types import SimpleNamespace
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SPKI = bytes.fromhex("30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d010"
                     "108300b0609608648016503040202a2030201300382010f003082010a0282010100")  # §4.5
WORDS_SHA256 = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"  # §4.4
CROCKFORD, P25519 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 2**255 - 19
AGAIN, OURS = " Come back later with the same phrase and place.", "An error of this program, do not repeat: "
SAY = {  # §10: what each refusal means for the person
    "malformed": OURS + "the server cannot read the message.", "too-large": OURS + "the message is too long.",
    "unsupported-media-type": OURS + "wrong Content-Type.", "method-not-allowed": OURS + "wrong method.",
    "invite-unknown": "The server does not know this invite: check each group of the code, or get another invite.",
    "unauthorised": "This is for organisers only.", "forbidden": "This is for organisers only.",
    "invite-used": "The invite is used: only the first phrase with the first place finishes it. If you never used it, "
                   "tell who gave it to you.",
    "exhausted": "There are no more tokens until the next tick." + AGAIN, "not-open": "It is not open yet." + AGAIN,
    "token-invalid": "The server says that this is no token of this campaign: do not repeat.",
    "pledge-mismatch": "The pledge does not fit the token: do not repeat; check phrase and place.",
    "closed": "It is closed: nothing more can be done.", "rate-limited": "Too many requests." + AGAIN,
    "unavailable": "The server cannot do it now." + AGAIN, "not-found": "No such page: check the address.",
    "lost": "No answer: nobody knows whether the request arrived." + AGAIN,
    "misbehaving": "The server misbehaves (redirect, media type or length of its answer): stop, tell the organisers."}


class Refused(Exception):
    """One sentence for the person; `name` is the problem's, where there is one."""
    def __init__(self, sentence, name="refused"):
        super().__init__(sentence)
        self.name = name


def demand(ok, sentence="", name="refused"):
    if not ok:
        raise Refused(sentence or SAY.get(name, "Wrong form."), name)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- §1: encodings, strict JSON ---
def unbase64(text, size=None, alphabet=b"-_"):
    try:
        raw = base64.b64decode(text, alphabet, validate=True)
    except (ValueError, TypeError):
        raise Refused("This is not base64.") from None
    demand(base64.b64encode(raw, alphabet).decode() == text and size in (None, len(raw)), "Wrong base64 or length.")
    return raw


def utf8(raw):
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Refused("This is not UTF-8.") from None


def read_json(raw, strict=True):
    def pairs(items):
        demand(not strict or len(dict(items)) == len(items), "A JSON member stands twice.")
        return dict(items)
    try:
        value = json.loads(raw if isinstance(raw, str) else utf8(raw), object_pairs_hook=pairs)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # refuses NaN and lone surrogates
        return value
    except (ValueError, RecursionError):
        raise Refused("This is not JSON.") from None


def members(value, names):
    demand(type(value) is dict and sorted(value) == sorted(names.split()), f"The members must be: {names}.")
    return value


def whole(value, low, high=2**63):
    return type(value) is int and low <= value <= high


def is_texts(value):
    return type(value) is dict and all(type(text) is str for text in value.values())


# --- §3, §4.3: addresses and the invite link ---
def url_of(name):
    match = type(name) is str and re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?", name)
    demand(match and int(match[2] or 1) <= 65535 and len(name) <= 253, f"{name!r} is not the name of a server.")
    host, labels = match[1], match[1].split(".")
    plain = host == "localhost" or host.endswith(".onion")
    try:
        if host[0] == "[" or labels[-1].isdigit():
            address = ipaddress.ip_address(host.strip("[]"))
            plain = host == "[::1]" or address.version == 4 and address.is_loopback
            demand((":" in host) == (host[0] == "["), f"{name!r} is not an address.")
        else:
            demand(all(re.fullmatch("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label) for label in labels), f"{name!r}?")
    except ValueError:
        raise Refused(f"{name!r} is not an IP address.") from None
    return ("http://" if plain else "https://") + name


def read_code(text):
    plain = re.sub(r"[-\s]", "", text)
    plain = plain.upper().translate(str.maketrans("OIL", "011")) if plain.isascii() else ""
    demand(len(plain) == 32 and set(plain) <= set(CROCKFORD), "An invite code has 32 digits and letters, without U.")
    return "-".join(re.findall("....", plain))


def read_link(link):
    match = re.fullmatch(r"(https?)://([^/?#]+)/join#(.+)", link.strip())
    demand(match, "This is not an invite link.")
    demand(url_of(match[2])[:5] == "http:" or match[1] == "https", "The link must begin with https://.")
    parts = [part.partition("=")[::2] for part in match[3].split("&")]
    demand(sorted(name for name, _ in parts) in (["c"], ["c", "i"]), "The link must have one c= and at most one i=.")
    code, campaign = dict(parts).get("i"), dict(parts)["c"]
    demand(re.fullmatch("[a-z2-7]{52}", campaign), "The campaign id in the link is wrong.")
    campaign_id = base64.b32decode(campaign.upper() + "====")
    demand(base64.b32encode(campaign_id).decode().lower()[:52] == campaign, "The campaign id has spare bits.")
    return f"{match[1]}://{match[2]}", None if code is None else read_code(code), campaign_id


# --- §4.4, §6.1: the eight words, the phrase ---
LIST = Path(__file__).with_name("english.txt")
WORDS = LIST.read_text().split() if LIST.exists() else [str(number + 1) for number in range(2048)]
demand(not LIST.exists() or sha256(LIST.read_bytes()).hex() == WORDS_SHA256, "english.txt is not that of BIP-39.")


def numbers_of(bits, count):
    return [(bits >> 11 * place & 2047) + 1 for place in reversed(range(count))]


def words_of(numbers):
    return [WORDS[number - 1] for number in numbers]


def campaign_numbers(campaign_id):
    return numbers_of(int.from_bytes(campaign_id[:11], "big"), 8)


def phrase_numbers(seed):
    return numbers_of(int.from_bytes(seed, "big") << 4 | sha256(seed)[0] >> 4, 12)


def read_phrase(text):
    bits, parts = 0, [part for part in re.split(r"[\s,.]+", text) if part]
    demand(len(parts) == 12, "A phrase has twelve words.")
    for part in parts:
        match, known = re.fullmatch("0*([0-9]{1,4})", part), part.isascii() and part.lower() in WORDS
        number = int(match[1]) if match else known and WORDS.index(part.lower()) + 1
        demand(1 <= number <= 2048, "A word of the phrase is not in the list.")
        bits = bits << 11 | number - 1
    seed = (bits >> 4).to_bytes(16, "big")
    demand(phrase_numbers(seed) == numbers_of(bits, 12), "The last word does not fit: check all twelve.")
    return seed


# --- §4.1, §4.2, §4.5: genesis, places, keys ---
def small_order(encoded):
    """None if it is no point of edwards25519, else whether its order divides 8: y is 0, 1, -1 or of order 8."""
    d = -121665 * pow(121666, -1, P25519)
    y = int.from_bytes(encoded, "little") % 2**255 % P25519
    x_squared = (y * y - 1) * pow(d * y * y + 1, -1, P25519) % P25519
    if pow(x_squared, (P25519 - 1) // 2, P25519) > 1:
        return None
    return y in (0, 1, P25519 - 1) or (d * y**4 + 2 * y * y - 1) % P25519 == 0


def signed(key, signature, message):
    """§9.3: strict Ed25519. The library compares without cofactor and refuses S ≥ L."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return small_order(signature[:32]) is False
    except InvalidSignature:
        return False


def issuer_modulus(der):
    n = int.from_bytes(der[81:337], "big")
    demand(len(der) == 342 and der[:81] == SPKI and der[337:].hex() == "0203010001" and n >> 2047 and n & 1
           and all(n % odd for odd in range(3, 65536, 2)), "The Issuer's key is not as it must be.")
    return n


def read_genesis(raw):
    demand(raw[:1] == b"{" and len(raw) <= 65535, "This is no genesis.")
    g = members(read_json(raw), "version title text issuer_name origin_name onion relays token_key log_key receipt_key "
                "organiser_key ohttp_keys k tick_seconds opens pledges_open issuing_closes closes target eligible "
                "places_sha256 map_sha256 witnesses quorum rehearsal")
    s = SimpleNamespace(**g)
    keys = [unbase64(key, 32) for key in (s.log_key, s.receipt_key, s.organiser_key)]
    unbase64(s.map_sha256, 32)
    demand(whole(s.version, 1, 1) and is_texts(s.title) and is_texts(s.text) and s.title.keys() == s.text.keys()
           and s.title and all(re.fullmatch("[A-Za-z0-9-]{2,16}", tag) for tag in s.title)
           and type(s.rehearsal) is bool and all(t.strip() and not re.search(r"[\x00-\x1f\x7f-\x9f]", t) for t in s.title.values()),
           "Version, title, text or rehearsal are wrong.")
    demand(s.onion is None or url_of(s.onion) and re.search(r"\.onion(:|$)", s.onion), "The onion address is wrong.")
    demand(type(s.relays) is list and all(type(relay) is str for relay in s.relays) and s.witnesses == []
           and whole(s.quorum, 0, 0), "Relays are wrong, or there are witnesses, which this program cannot check.")
    demand(is_texts(s.ohttp_keys) and s.ohttp_keys.keys() <= {"issuer", "origin"}, "ohttp_keys are wrong.")
    demand(all(small_order(key) is False for key in keys), "A key is no point of the curve or of small order.")
    demand(whole(s.k, 5, 1000) and whole(s.eligible, s.k, 10**8) and whole(s.target, 1), "k, eligible or target.")
    demand(whole(s.tick_seconds, 1, 2678400) and whole(s.closes, 0, 2**40) and whole(s.pledges_open, 0, s.closes - 1)
           and whole(s.opens, 0, s.pledges_open) and whole(s.issuing_closes, s.opens + 1, s.closes)
           and (s.closes - s.pledges_open) % s.tick_seconds == 0
           and (s.closes - s.opens) // s.tick_seconds < 2147483647, "The campaign's times are wrong.")
    s.id, s.token_spki, s.places_digest = sha256(b"\0", raw), unbase64(s.token_key, 342), unbase64(s.places_sha256, 32)
    s.log_key, s.receipt_key, s.organiser_key = keys
    s.n, s.key_id, s.log_name = issuer_modulus(s.token_spki), sha256(s.token_spki), f"{s.origin_name}/{s.id.hex()}"
    s.addresses = [url_of(name) for name in (s.origin_name, s.onion) if name]
    url_of(s.issuer_name)
    issuer, info = s.issuer_name.encode(), ",".join(filter(None, (s.origin_name, s.onion))).encode()
    s.challenge = (b"\0\2" + len(issuer).to_bytes(2, "big") + issuer + b"\x20" + s.id
                   + len(info).to_bytes(2, "big") + info)  # §7.1
    s.challenge_digest = sha256(s.challenge)
    return s


def read_places(raw):
    """§4.2: the list of places; a place's region is demanded to exist."""
    world = members(read_json(raw), "regions places")
    regions, places = world["regions"], world["places"]
    demand(type(regions) is list and 1 <= len(regions) <= 1000 and type(places) is list and 1 <= len(places) <= 20000,
           "There are no places, or too many.")
    for areas, names in ((regions, "name"), (places, "region name lat lon population")):
        demand(all(is_texts(members(area, names)["name"]) for area in areas), "A name of a place is wrong.")
    demand(all(whole(place["region"], 0, len(regions) - 1) and whole(place["population"], 0)
               and {type(place["lat"]), type(place["lon"])} <= {int, float} for place in places), "A place is wrong.")
    return places


def check_directory(raw, campaign):
    """§4.5: one key, that of the genesis, and the usual address: anything else could mark one person."""
    try:
        directory = read_json(raw, strict=False)
        [key] = directory["token-keys"]
        same = (directory["issuer-request-uri"] == "/token-request" and whole(key["token-type"], 2, 2)
                and unbase64(key["token-key"]) == campaign.token_spki)
    except (TypeError, KeyError, ValueError):
        same = False
    demand(same, "The Issuer offers another key than the campaign's: stop, it could be a mark for one person.")


# --- §12, §15: notes, checkpoint, announcement, entries ---
def open_note(note, name, key):
    """The lines of a signed note whose first line by this name and key verifies."""
    match = re.fullmatch(r"((?:[^\n]*\n)+)\n((?:— [^ \n]+ [^ \n]+\n){1,100})", note)
    demand(match and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", note), "This is no signed note.")
    key_id, signatures = sha256(name.encode(), b"\n\x01", key)[:4], []
    for line in match[2].splitlines():
        raw = unbase64(line.split(" ")[2], alphabet=b"+/")
        demand(len(raw) >= 5, "A signature line of the note is too short.")
        signatures += [raw[4:]] if line.split(" ")[1] == name and raw[:4] == key_id else []
    demand(signatures and signed(key, signatures[0], match[1].encode()), "The note is not signed as it must be.")
    return match[1][:-1].split("\n")


def read_checkpoint(note, campaign):
    lines = open_note(note, campaign.log_name, campaign.log_key)
    demand(len(lines) == 3 and lines[0] == campaign.log_name and re.fullmatch("[1-9][0-9]{0,18}", lines[1]),
           "The checkpoint is not of this campaign.")
    demand(int(lines[1]) <= 2 * campaign.eligible + 1000000, "The log is too large.")
    return int(lines[1]), unbase64(lines[2], 32, b"+/")


def read_announcement(note, campaign):
    lines = open_note(note, campaign.log_name + "/organiser", campaign.organiser_key)
    demand(len(lines) == 4 and lines[:2] == ["headcount/v1/announcement", campaign.id.hex()]
           and re.fullmatch("[1-9][0-9]{0,9}", lines[2]) and int(lines[2]) < 2**32, "This is no announcement.")
    said = members(read_json(lines[3]), "date text")
    demand(is_texts(said["text"]) and (said["date"] is None or whole(said["date"], 0, 2**40)), "A wrong announcement.")
    return {"number": int(lines[2]), **said}


def check_counts(raw, campaign, places):
    """§11, by itself: only an auditor has the log beside it."""
    counts = members(read_json(raw), "campaign_id state tick log_size target total places regions root announcement")
    demand(counts["campaign_id"] == campaign.id.hex() and counts["target"] == campaign.target
           and counts["state"] in ("before", "collecting", "open", "closing", "closed")
           and whole(counts["tick"], -2**63) and whole(counts["log_size"], 1), "The counts are not of this campaign.")
    numbers = [counts["root"]]
    for level, size in (("places", len(places)), ("regions", 1 + max(place["region"] for place in places))):
        demand(type(counts[level]) is dict and all(re.fullmatch("0|[1-9][0-9]{0,4}", area) and int(area) < size
                                                   for area in counts[level]), "The counts name no such area.")
        numbers += counts[level].values()
    demand(all(whole(number, 0) for number in numbers) and whole(counts["total"], sum(numbers), sum(numbers))
           and sum(numbers) <= campaign.eligible, "The counts do not add up.")
    if (said := counts["announcement"]) is not None:
        note = members(said, "number text date note")["note"]
        demand(type(note) is str and read_announcement(note, campaign) | {"note": note} == said,
               "The announcement says something else than its note.")
    return counts


def tile_path(level, index, width):
    """§12; level None for a bundle of entries."""
    digits = str(index).zfill((len(str(index)) + 2) // 3 * 3)
    groups = re.findall("...", digits)
    path = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return f"tile/{'entries' if level is None else level}/{path}" + (f".p/{width}" if width < 256 else "")


def read_bundle(raw, width):
    entries, at = [], 0
    for _ in range(width):
        end = at + 2 + int.from_bytes(raw[at:at + 2], "big")
        demand(at + 2 <= end <= len(raw), "A bundle of entries is cut off.")
        entries.append(raw[at + 2:end])
        at = end
    demand(at == len(raw), "A bundle has too many entries.")
    return entries


def read_entry(raw):
    """(type, level, area, a, b, authenticator); all but the type stay None where the type has none of them."""
    kind = raw[0] if raw else 0
    demand(kind == 3 or {1: 14, 2: 326, 4: 5, 5: 33}.get(kind) == len(raw), "An entry of the log has no known form.")
    if kind not in (1, 2):
        return kind, None, None, None, None, None
    raw = raw[4:] if kind == 1 else raw
    level, area = raw[1], int.from_bytes(raw[2:6], "big")
    demand(level in (1, 2) or (level, area) == (0, 0), "An entry has no level or area.")
    return (kind, level, area, raw[6:38], raw[38:70], raw[70:]) if kind == 2 else (kind, level, area, None, None, None)


def tree_root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1", tree_root(hashes[:half]), tree_root(hashes[half:]))


def judge_answer(status, media_type, body):
    """§10: the name of the problem, "lost" (repeat the same bytes) or "misbehaving"."""
    if media_type and media_type.split(";")[0].strip().lower() == "application/problem+json":
        try:
            prefix, _, name = read_json(body, strict=False)["type"].rpartition(":")
            if prefix == "urn:headcount:problem" and name in SAY and name not in ("lost", "misbehaving"):
                return name
        except (Refused, TypeError, KeyError, AttributeError):
            pass
    return "lost" if status in (500, 502, 503, 504) else "misbehaving"
