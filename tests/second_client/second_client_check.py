"""second_client.py against the vectors: every derivation of headcount-v1.json, every case of a kind that a Client reads
(§17), and the vectors of RFC 9474 and RFC 9578. Ends at the first difference."""
import base64, hmac, json
from collections import Counter
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from second_client_forms import *
from second_client_forms import CROCKFORD
from second_client_token import (E, check_receipt, check_token_request, derive, finalize, find_own, judge_redemption,
                                 pss_encode, pss_verify, token_request)

FOR_AUDITORS = {"challenge-header", "pool", "groups", "log", "counts-beside-log"}
BESIDE_LOG = {  # cases of `counts` that only the log contradicts; later vectors call their kind counts-beside-log
    "a state that the log does not have", "a tick before the log's last", "another place",
    "no announcement, though the log has one", "a place's number shown as its region's"}
counted = Counter()


def same(where, found, wanted):
    demand(found == wanted, f"{where}: found {str(found)[:200]!r}, the vectors say {str(wanted)[:200]!r}")
    counted[where.split()[0]] += 1


def crockford(raw):
    standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return base64.b32encode(raw).decode().translate(str.maketrans(standard, CROCKFORD))


def private(der):
    numbers = load_der_private_key(der, None).private_numbers()
    return numbers.public_numbers.n, numbers.d


def sign_note(text, name, seed):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    key_id = sha256(name.encode(), b"\n\x01", key.public_key().public_bytes_raw())[:4]
    return f"{text}\n— {name} {base64.b64encode(key_id + key.sign(text.encode())).decode()}\n"


def check_members(vectors):
    """Every member that is not an input, from those before it."""
    forms = {"number": lambda it: it, "text": lambda it: it, "hex": bytes.fromhex, "base64url": unbase64}
    v = {name: [forms[form[8:]](one) for one in value] if form.startswith("list of ") else forms[form](value)
         for name, (form, value) in vectors.items()}
    campaign, places = read_genesis(v["genesis"].encode()), read_places(v["places_json"].encode())
    n, d = private(v["issuer_private_key"])
    seeds = [Ed25519PrivateKey.from_private_bytes(v[name]) for name in ("log_seed", "receipt_seed", "organiser_seed")]
    own = derive(campaign, places, v["place"], v["phrase_seed"])
    again = derive(campaign, places, v["redrawn_place"], v["redrawn_phrase_seed"])
    answer = pow(int.from_bytes(own.request[3:], "big"), d, n).to_bytes(256, "big")
    token = finalize(n, own.token_input, own.pss_salt, own.factor, answer)
    invite_id = v["invite_batch"].to_bytes(2, "big") + v["invite_random"]
    code = read_code(crockford(invite_id + hmac.digest(v["invite_key"], campaign.id + invite_id, "sha256")[:10]))
    spelled = base64.b32encode(campaign.id).decode().lower().strip("=")
    entries = v["log_entries"]
    hashes = [sha256(b"\0", entry) for entry in entries]
    said = '{"date":1700100000,"text":{"en":"Saturday at noon."}}'
    announcement = f"headcount/v1/announcement\n{campaign.id.hex()}\n1\n{said}\n"
    head = f"{campaign.log_name}\n{len(entries)}\n{base64.b64encode(tree_root(hashes)).decode()}\n"
    mine = {
        "token_key": campaign.token_spki, "token_key_id": campaign.key_id,
        "campaign_id": campaign.id, "campaign_numbers": campaign_numbers(campaign.id),
        "campaign_words": words_of(campaign_numbers(campaign.id)), "token_challenge": campaign.challenge,
        "challenge_digest": campaign.challenge_digest, "invite_id": invite_id, "invite_code": code,
        "invite_link": f"https://{campaign.origin_name}/join#i={code}&c={spelled}",
        "phrase_words": " ".join(words_of(phrase_numbers(v["phrase_seed"]))),
        "phrase_numbers": " ".join(map(str, phrase_numbers(v["phrase_seed"]))), "region": own.region,
        "token_request": own.request, "request_digest": sha256(own.request), "token_response": answer, "token": token,
        "receipt": seeds[1].sign(b"headcount/v1/receipt" + campaign.id + own.nonce),
        "blinding_factor": own.factor.to_bytes(256, "big"), "redrawn_draws_refused": again.refused_draws,
        "redrawn_pledge": again.pledge, "redrawn_blinding_factor": again.factor.to_bytes(256, "big"),
        "redrawn_token_request": again.request, "log_leaf_hashes": hashes,
        "announcement_note": sign_note(announcement, campaign.log_name + "/organiser", v["organiser_seed"]),
        "log_root": tree_root(hashes), "checkpoint_note": sign_note(head, campaign.log_name, v["log_seed"])}
    mine |= {name: getattr(own, name) for name in vars(own) if name in v}
    inputs = set("issuer_private_key log_seed receipt_seed organiser_seed places_json genesis invite_key invite_batch "
                 "invite_random phrase_seed place redrawn_phrase_seed redrawn_place log_phrase_seeds log_places".split())
    same("names of members", set(mine) | inputs | {"log_entries"}, set(v))
    for name, value in mine.items():
        same(f"member {name}", value, v[name])
    same("keys", [seed.public_key().public_bytes_raw() for seed in seeds],
         [campaign.log_key, campaign.receipt_key, campaign.organiser_key])
    found = set()  # log_entries: everybody's own pledge stands there once, and there are no others
    for seed, place in zip(v["log_phrase_seeds"], v["log_places"], strict=True):
        level, index = find_own(campaign, derive(campaign, places, place, seed), entries)
        same("own-entry", read_entry(entries[index])[:2], (2, level))
        found.add(index)
    same("entries", found, {index for index, entry in enumerate(entries) if entry[0] == 2})
    same("checkpoint", read_checkpoint(v["checkpoint_note"], campaign), (len(entries), v["log_root"]))
    return campaign, places, own, v


def judge(kind, given, campaign, places, own, v):
    """What a case gives (None where nothing follows); Refused where it is refused."""
    if kind == "base64url":
        return unbase64(given).hex()
    if kind == "invite-code":
        return read_code(given)
    if kind == "invite-link":
        base, code, campaign_id = read_link(given)
        return {"base_url": base, "code": code, "campaign_id": campaign_id.hex()}
    if kind == "campaign-words":
        demand(re.fullmatch("[0-9a-f]{64}", given))
        numbers = campaign_numbers(bytes.fromhex(given))
        return {"numbers": numbers, "words": words_of(numbers)}
    if kind == "phrase":
        return " ".join(words_of(phrase_numbers(read_phrase(given))))
    if kind == "name":
        return url_of(given)
    if kind == "genesis":
        genesis = read_genesis(given.encode())
        demand(genesis.places_digest == sha256(v["places_json"].encode()))
        return genesis.id.hex()
    if kind == "places":
        return len(read_places(given.encode()))
    if kind == "issuer-key":
        issuer_modulus(bytes.fromhex(given))
        return sha256(bytes.fromhex(given)).hex()
    if kind == "directory":
        return check_directory(given.encode(), campaign)
    if kind == "token-request":
        return check_token_request(campaign.n, campaign.key_id, bytes.fromhex(given))
    if kind == "token-response":
        return finalize(campaign.n, own.token_input, own.pss_salt, own.factor, bytes.fromhex(given)).hex()
    if kind == "redemption":
        nonce = judge_redemption(campaign, places, given["authorization"], bytes.fromhex(given["body"]))
        return Ed25519PrivateKey.from_private_bytes(v["receipt_seed"]).sign(
            b"headcount/v1/receipt" + campaign.id + nonce).hex()
    if kind == "receipt":
        return check_receipt(campaign, v["token"][2:34], bytes.fromhex(given))
    if kind == "entry":
        return read_entry(bytes.fromhex(given)) and None
    if kind == "bundle":
        return [entry.hex() for entry in read_bundle(bytes.fromhex(given["bytes"]), given["width"])]
    if kind == "checkpoint":
        size, root = read_checkpoint(given, campaign)
        return {"size": size, "root": root.hex()}
    if kind == "announcement":
        return read_announcement(given, campaign)
    if kind == "counts":
        return check_counts(given.encode(), campaign, places) and None
    if kind == "answer":
        name = judge_answer(given["status"], given["content_type"], given["body"])
        raise Refused(name, name)
    raise KeyError(f"a kind of cases that is not known: {kind}")


def check_cases(cases, campaign, places, own, v):
    kinds = {case["kind"] for case in cases}
    for case in cases:
        kind, where = case["kind"], f"{case['kind']} case “{case['what']}”"
        if kind == "tile-name":  # a Client writes them only
            if case["verdict"] == "good":
                same(where, tile_path(**case["gives"]), case["input"])
        elif kind not in FOR_AUDITORS and (kind != "counts" or case["what"] not in BESIDE_LOG):
            try:
                gives, verdict = judge(kind, case["input"], campaign, places, own, v), "good"
            except Refused as refused:
                gives, verdict = None, refused.name
            same(where, (verdict, gives), (case["verdict"], case.get("gives")))
    return sorted(kinds & FOR_AUDITORS)


def check_rfcs(folder):
    number = lambda value: int(value, 16)
    for vector in json.loads((folder / "rfc9474.json").read_text())["vectors"]:
        n, size, salt = number(vector["n"]), len(vector["n"]) // 2, bytes.fromhex(vector["salt"])
        encoded = pss_encode(bytes.fromhex(vector["msg"]), salt, size)
        same("rfc9474 encoding", encoded, number(vector["encoded_msg"]))
        factor = pow(number(vector["inv"]), -1, n)
        same("rfc9474 blinding", encoded * pow(factor, E, n) % n, number(vector["blinded_msg"]))
        same("rfc9474 unblinding", number(vector["blind_sig"]) * number(vector["inv"]) % n, number(vector["sig"]))
        same("rfc9474 verification", pow(number(vector["sig"]), E, n), encoded)
    for name in ("rfc9578-go.json", "rfc9578-rust.json"):
        for vector in json.loads((folder / name).read_text())["vectors"]:
            v = {member: bytes.fromhex(value) for member, value in vector.items()}
            n, key_id, factor = issuer_modulus(v["public_key"]), sha256(v["public_key"]), number(vector["blind"])
            token_input = b"\0\2" + v["nonce"] + sha256(v["token_challenge"]) + key_id
            same("rfc9578 request", token_request(n, key_id, token_input, v["salt"], factor), v["token_request"])
            same("rfc9578 token", finalize(n, token_input, v["salt"], factor, v["token_response"]), v["token"])
            same("rfc9578 verification", pss_verify(n, token_input, v["token"][98:]), True)


def check(folder):
    folder = Path(folder)
    vectors = json.loads((folder / "headcount-v1.json").read_text())["members"]
    context = check_members({member["name"]: (member["form"], member["value"]) for member in vectors})
    left_out = check_cases(json.loads((folder / "headcount-v1-cases.json").read_text())["cases"], *context)
    check_rfcs(folder)
    return f"{counted.total()} checked: {dict(counted)}; left to auditors: {', '.join(left_out)}"
