"""A participant's secrets and Token: §6, §7, §9.2, §9.3, §12 of WIRE.md. Not in constant time: see second_client.py."""
import hashlib, hmac, re
from types import SimpleNamespace
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from second_client_forms import demand, read_entry, sha256, signed, unbase64

E = 65537  # §4.5


# --- §6: secrets, commitments, nonce ---
def place_commitment(place, salt):
    return sha256(b"headcount/v1/place", place.to_bytes(4, "big"), salt)


def region_commitment(region, salt):
    return sha256(b"headcount/v1/region", region.to_bytes(4, "big"), salt)


def nonce_of(place_part, region_part):
    return sha256(b"headcount/v1/nonce", place_part, region_part)


def derive(campaign, places, place, seed):
    """§6.2, §6.3, §7.2, §7.3: all that follows from the phrase, before the first request."""
    def hkdf(purpose):  # RFC 5869, a single block
        info = b"headcount/v1/" + purpose + campaign.id + place.to_bytes(4, "big")
        return hmac.digest(hmac.digest(bytes(32), seed, "sha256"), info + b"\1", "sha256")
    own = SimpleNamespace(place=place, region=places[place]["region"], place_salt=hkdf(b"place-salt"),
                          region_salt=hkdf(b"region-salt"), blind=hkdf(b"blind"), refused_draws=0)
    own.place_commitment = place_commitment(place, own.place_salt)
    own.region_commitment = region_commitment(own.region, own.region_salt)
    own.nonce = nonce_of(own.place_commitment, own.region_commitment)
    own.pledge = place.to_bytes(4, "big") + own.place_salt + own.region_salt
    own.token_input = b"\0\2" + own.nonce + campaign.challenge_digest + campaign.key_id
    keystream = Cipher(algorithms.ChaCha20(own.blind, bytes(16)), None).encryptor()
    own.pss_salt = keystream.update(bytes(48))
    while (number := int.from_bytes(keystream.update(bytes(256)), "little")) >= campaign.n:
        own.refused_draws += 1
    own.factor = number
    own.request = token_request(campaign.n, campaign.key_id, own.token_input, own.pss_salt, own.factor)
    return own


# --- §7: blind RSA ---
def pss_encode(message, salt, size=256):
    """EMSA-PSS-ENCODE with SHA-384 for a modulus of `size` bytes whose first bit is 1, as a number."""
    sha384 = lambda data: hashlib.sha384(data).digest()
    digest = sha384(bytes(8) + sha384(message) + salt)
    mask = b"".join(sha384(digest + counter.to_bytes(4, "big")) for counter in range(size // 48 + 1))
    block = bytes(size - 98) + b"\1" + salt
    masked = bytes(one ^ other for one, other in zip(block, mask))
    return int.from_bytes(masked + digest + b"\xbc", "big") & (1 << 8 * size - 1) - 1


def token_request(n, key_id, token_input, pss_salt, factor):
    blinded = pss_encode(token_input, pss_salt) * pow(factor, E, n) % n
    return b"\0\2" + key_id[-1:] + blinded.to_bytes(256, "big")


def check_token_request(n, key_id, request):
    """§7.4, as the Issuer judges it."""
    demand(len(request) <= 259, name="too-large")
    demand(len(request) == 259 and request[:3] == b"\0\2" + key_id[-1:]
           and 1 < int.from_bytes(request[3:], "big") < n - 1, name="malformed")


def finalize(n, token_input, pss_salt, factor, response):
    """§7.5: the Token."""
    demand(len(response) == 256, "The answer with the Token has another length.")
    number = int.from_bytes(response, "big") * pow(factor, -1, n) % n
    demand(pow(number, E, n) == pss_encode(token_input, pss_salt), "The Token does not verify. It is thrown away; do not "
           "ask again, but tell the organisers, by another way than through this server.")
    return token_input + number.to_bytes(256, "big")


def pss_verify(n, token_input, authenticator):
    """RSASSA-PSS-VERIFY, whatever the salt: what the mask hides must give the same encoding."""
    number = int.from_bytes(authenticator, "big")
    encoded = pow(number, E, n).to_bytes(256, "big")
    mask = b"".join(hashlib.sha384(encoded[207:255] + counter.to_bytes(4, "big")).digest() for counter in range(5))
    salt = bytes(one ^ other for one, other in zip(encoded[159:207], mask[159:207]))
    return number < n and pss_encode(token_input, salt) == int.from_bytes(encoded, "big")


def judge_redemption(campaign, places, authorization, body):
    """§9.2 in the server's order, for oneself before sending too; gives the nonce."""
    demand(authorization is not None, name="token-invalid")
    demand(len(body) <= 68, name="too-large")
    match = re.fullmatch(r'privatetoken +token=("?)([\w-]{472})\1', authorization, re.ASCII | re.IGNORECASE)
    token, place = unbase64(match[2], 354) if match else b"", int.from_bytes(body[:4], "big")
    demand(len(body) == 68 and token[:2] == b"\0\2", name="malformed")
    demand(token[34:98] == campaign.challenge_digest + campaign.key_id, name="token-invalid")
    demand(place < len(places) and token[2:34] == nonce_of(
        place_commitment(place, body[4:36]), region_commitment(places[place]["region"], body[36:])),
        name="pledge-mismatch")
    demand(pss_verify(campaign.n, token[:98], token[98:]), name="token-invalid")
    return token[2:34]


def check_receipt(campaign, nonce, receipt):
    demand(signed(campaign.receipt_key, receipt, b"headcount/v1/receipt" + campaign.id + nonce), "The receipt does not "
           "verify, so the pledge may not be counted: repeat later with the same phrase, and tell the organisers.")  # §9.3


# --- §12: one's own entry
def find_own(campaign, own, entries):
    """(level, index) of one's own pledge, or None; every entry must decode."""
    for index, raw in list(enumerate(entries))[1:]:
        kind, level, area, a, b, authenticator = read_entry(raw)
        if kind == 2 and own.nonce == (nonce_of(place_commitment(area, a), b) if level == 2 else
                                       nonce_of(b, region_commitment(area, a)) if level == 1 else nonce_of(a, b)):
            demand(pss_verify(campaign.n, own.token_input, authenticator), "Your entry is there with a false Token.")
            return level, index
    return None
