"""A second Headcount client, written from WIRE.md alone (§ = its sections) to show that the document suffices.

    second_client.py vectors FOLDER          checks itself against the vectors (by second_client_check.py)
    second_client.py register LINK PLACE [--phrase WORDS] [--wait SECONDS] [--yes]
    second_client.py find URL LINK PLACE     the phrase on standard input; URL may be a mirror of the log

LINK or WORDS "-" is read from standard input, for arguments are seen by others (§10, Secrets). PLACE is an index or an
English name. The person reads stderr; stdout has one line of JSON. Its nonce recognises the person's entry in the log:
keep it secret. --yes answers every question, --wait replaces the random delay: both are for tests.

A REVIEWER'S PROGRAM, NOT FOR PARTICIPANTS: pow() and Python's numbers do not run in constant time, memory is not
erased, Tor only under torsocks. english.txt (BIP-39) lies beside it, or words are numbers. It is no auditor (§13).
Here are HTTP, log and the fourteen steps; second_client_forms.py reads and checks, second_client_token.py has the RSA.
"""
import argparse, base64, http.client, json, os, re, secrets, ssl, sys, time
from urllib.parse import urlsplit
from second_client_forms import (SAY, Refused, campaign_numbers, check_counts, check_directory, demand, judge_answer,
                                 phrase_numbers, read_bundle, read_checkpoint, read_genesis, read_link, read_phrase,
                                 read_places, sha256, tile_path, tree_root, url_of, utf8, words_of)
from second_client_token import check_receipt, check_token_request, derive, finalize, find_own, judge_redemption

TOKEN, PLEDGE = "application/private-token-", "application/vnd.headcount."  # §1


def say(text):
    print(text, file=sys.stderr, flush=True)


# --- §10: HTTP ---
def exchange(url, headers, body, limit):
    """One request over a connection of its own (§9.1); no redirects, no proxies, no headers that tell users apart."""
    where = urlsplit(url)
    demand(not (where.hostname or "").endswith(".onion") or "torsocks" in os.environ.get("LD_PRELOAD", ""),
           "An .onion address is reached through Tor only: run this under torsocks.")
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.netloc, timeout=30)  # https: public authorities, a new TLS session each time
    try:
        connection.putrequest("GET" if body is None else "POST", where.path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        limit = limit if answer.status in (200, 201) else 16384
        read, ends = bytearray(), time.monotonic() + 120
        while part := answer.read1(min(65536, limit + 1 - len(read))):
            read += part
            if time.monotonic() > ends:
                raise TimeoutError
        if answer.length and len(read) <= limit:
            raise http.client.IncompleteRead(read)
        return answer.status, answer.getheader("Content-Type", ""), answer.getheader("Retry-After", ""), bytes(read)
    finally:
        connection.close()


def ask(url, limit, media_type=None, size=None, headers=(), body=None, good=(200,)):
    """The very same bytes at most three times; (status, body), or a refusal in one sentence."""
    headers = dict(headers) | ({} if body is None else {"Content-Length": str(len(body))})
    for pause in (2, 4, None):
        try:
            status, kind, retry_after, answer = exchange(url, headers, body, limit)
        except ssl.SSLCertVerificationError:
            raise Refused("The server's certificate is not good: stop.") from None
        except (OSError, http.client.HTTPException):
            name = "lost"
        else:
            if status in good:
                demand(len(answer) <= limit and size in (None, len(answer)), name="misbehaving")
                demand(not media_type or kind.split(";")[0].strip().lower() == media_type, name="misbehaving")
                return status, answer
            name = judge_answer(status, kind, answer)
            pause = pause and int(retry_after) if re.fullmatch("[0-9]{1,9}", retry_after) else pause
        if name not in ("lost", "rate-limited", "unavailable") or pause is None or pause > 60:
            raise Refused(SAY[name], name)
        time.sleep(pause)


# --- §4, §12: campaign and log ---
def get(url, limit):
    return ask(url, limit)[1]  # public documents are judged by their bytes, §1


def fetch_campaign(base, campaign_id):
    raw = get(base + "/campaign", 65535)
    found = sha256(b"\0", raw)
    demand(found == campaign_id, f"This is another campaign, {found.hex()}, than the link's, {campaign_id.hex()}: stop, "
           "and tell whoever gave you the link.")
    return read_genesis(raw)


def fetch_places(base, campaign):
    raw = get(base + "/places.json", 32 << 20)
    demand(sha256(raw) == campaign.places_digest, "The list of places is not that of the campaign: stop.")
    return read_places(raw)


def find_place(places, wanted):
    found = [index for index, place in enumerate(places) if wanted in (str(index), place["name"].get("en"))]
    demand(len(found) == 1, f"{len(found)} places are called {wanted!r}, {found}: give the index.")
    return found[0]


def fetch_tile(base, level, index, width):
    """The bytes of a tile or bundle; a full one, if the partial one is gone."""
    limit = 256 * (65535 + 2) if level is None else 8192
    try:
        return get(f"{base}/log/{tile_path(level, index, width)}", limit), width
    except Refused:
        demand(width < 256, "A part of the log is not there.")
        return get(f"{base}/log/{tile_path(level, index, 256)}", limit), 256


def fetch_hashes(base, level, index, width):
    raw, there = fetch_tile(base, level, index, width)
    demand(len(raw) == 32 * there, "A tile of the log has another length.")
    return [raw[32 * at:32 * at + 32] for at in range(width)]


def fetch_checkpoint(base, campaign):
    return read_checkpoint(utf8(get(base + "/log/checkpoint", 65536)), campaign)


def check_log(base, campaign):
    """§12, before an invite is used: the right edge gives the signed root, the left edge begins with the genesis."""
    size, root = fetch_checkpoint(base, campaign)
    found, below, level, edges = None, campaign.id, 0, True
    while count := size >> 8 * level:
        right = fetch_hashes(base, level, count >> 8, count & 255) if count & 255 else []
        end = len(right)
        while end:
            start = end - (end & -end)
            left = tree_root(right[start:end])
            found, end = left if found is None else sha256(b"\1", left, found), start
        if edges:
            first = right if count < 256 else fetch_hashes(base, level, 0, 256)
            demand(first[0] == below, "The log does not begin with this campaign: stop.")
            below, edges = tree_root(first), count >= 256
        level += 1
    demand(found == root, "The log is not the one that its checkpoint signs: stop.")


def fetch_entries(base, campaign):
    """§12: the whole log, in one operation that does not say who asks."""
    size, root = fetch_checkpoint(base, campaign)
    entries = []
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        entries += read_bundle(*fetch_tile(base, None, index, width))[:width]
    hashes = [sha256(b"\0", entry) for entry in entries]
    demand(hashes[0] == campaign.id and tree_root(hashes) == root, "The log is not this campaign's signed one: stop.")
    return entries


# --- §2: a registration in fourteen steps ---
def agree(question, yes):
    say(question + (" — yes (--yes)" if yes else " Type yes to go on:"))
    demand(yes or sys.stdin.readline().strip().lower() == "yes", "Stopped, because you did not say yes.")


def in_time(campaign, base, places, begins, ends, what):
    """§5: own clock and counts.json; the server decides in the end. Gives the seconds that are left."""
    counts = check_counts(ask(base + "/counts.json", 8 << 20, "application/json")[1], campaign, places)
    now, clock = time.time(), " (by this computer's clock, which may be wrong)"
    demand(counts["state"] != "closed", SAY["closed"])
    demand(begins <= now, f"{what} begins at {time.ctime(begins)}{clock}: come back then, with phrase and place.")
    demand(now < ends, f"{what} ended at {time.ctime(ends)}{clock}.")
    return campaign.closes - now


def plain(base):
    return re.sub("(?<=^https):(//.*):443$|(?<=^http):(//.*):80$", lambda match: ":" + (match[1] or match[2]), base)


def register(link, wanted, phrase, wait, yes):
    base, code, campaign_id = read_link(link)  # step 1
    demand(code, "This link carries no invite.")
    if not urlsplit(base).hostname.endswith(".onion"):
        agree("Without Tor the server sees your address and can link by it what follows.", yes)  # §9.1
    campaign = fetch_campaign(base, campaign_id)  # step 2
    demand(plain(base) in map(plain, campaign.addresses), "The link's address is not the campaign's: stop.")  # step 3
    onion = urlsplit(base).hostname.endswith(".onion") and campaign.issuer_name == campaign.origin_name
    issuer = base if onion else url_of(campaign.issuer_name)
    places = fetch_places(base, campaign)
    check_directory(ask(issuer + "/.well-known/private-token-issuer-directory", 65536, TOKEN + "issuer-directory")[1],
                    campaign)
    last = campaign.closes if phrase else campaign.issuing_closes  # a given phrase may repeat a request, §5
    in_time(campaign, base, places, campaign.opens, last, "Registration")  # step 4
    check_log(base, campaign)  # §12
    numbers = campaign_numbers(campaign_id)
    words, title = words_of(numbers), campaign.title.get("en") or next(iter(campaign.title.values()))
    say("*** A REHEARSAL, FOR PRACTICE ***\n" * campaign.rehearsal + f"Campaign: {title}")
    agree(f"Eight words: {' '.join(words)}\nas numbers: {numbers}\nCompare them with paper or with another person; a "
          "link that the server itself sent by e-mail proves nothing.", yes)  # step 5
    place = find_place(places, wanted)  # step 6
    seed = read_phrase(phrase) if phrase else secrets.token_bytes(16)  # step 7
    said = phrase_numbers(seed)
    if not phrase:
        agree(f"Write down your phrase: {' '.join(words_of(said))}\nas numbers: {said}\nWith it and the same place you "
              "can go on after a failure.", yes)
    own = derive(campaign, places, place, seed)  # steps 8 and 9
    check_token_request(campaign.n, campaign.key_id, own.request)
    headers = {"Authorization": "Bearer " + code, "Content-Type": TOKEN + "request"}
    response = ask(issuer + "/token-request", 256, TOKEN + "response", 256, headers, own.request)[1]  # step 10
    token = finalize(campaign.n, own.token_input, own.pss_salt, own.factor, response)  # step 11
    left = in_time(campaign, base, places, campaign.pledges_open, campaign.closes, "Pledging")
    delay = secrets.SystemRandom().uniform(0, min(600, left / 2)) if wait is None else wait  # step 12
    say(f"The Token is good. The pledge goes in {delay:.0f} seconds; if this is stopped, go on with the phrase.")
    time.sleep(delay)
    demand(time.time() < campaign.closes, SAY["closed"])  # §5
    headers = {"Authorization": f'PrivateToken token="{base64.urlsafe_b64encode(token).decode()}"',
               "Content-Type": PLEDGE + "pledge"}
    judge_redemption(campaign, places, headers["Authorization"], own.pledge)  # §9.2: check it oneself
    status, receipt = ask(base + "/pledges", 64, PLEDGE + "receipt", 64, headers, own.pledge, (200, 201))  # step 13
    check_receipt(campaign, own.nonce, receipt)  # step 14
    return {"campaign_id": campaign_id.hex(), "words": words, "place": place, "nonce": own.nonce.hex(),
            "status": status, "receipt": True, "rehearsal": campaign.rehearsal}


def find(url, link, wanted, phrase):
    match = re.fullmatch("(https?)://([^/?#]+)/?", url)  # a mirror will do: id and signature pin the log, §4.3
    demand(match and (match[1] == "https" or url_of(match[2])[:5] == "http:"), "The URL must begin with https://.")
    base, campaign_id = url.rstrip("/"), read_link(link)[2]
    campaign = fetch_campaign(base, campaign_id)
    places = fetch_places(base, campaign)
    own = derive(campaign, places, find_place(places, wanted), read_phrase(phrase))
    entries = fetch_entries(base, campaign)
    level, index = find_own(campaign, own, entries) or (None, None)
    return {"published": index is not None, "level": level, "index": index, "log_size": len(entries)}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("command", choices=["vectors", "register", "find"])
    parser.add_argument("arguments", nargs="+")
    parser.add_argument("--phrase")
    parser.add_argument("--wait", type=float)
    parser.add_argument("--yes", action="store_true")
    options = parser.parse_args()
    if len(options.arguments) != {"vectors": 1, "register": 2, "find": 3}[options.command]:
        parser.error("too many arguments, or too few")
    given = [sys.stdin.readline().strip() if value == "-" else value for value in options.arguments]
    phrase = sys.stdin.readline().strip() if options.phrase == "-" or options.command == "find" else options.phrase
    try:
        if options.command == "vectors":
            import second_client_check
            print(second_client_check.check(*given))
        elif options.command == "find":
            print(json.dumps(find(*given, phrase)))
        else:
            print(json.dumps(register(*given, phrase, options.wait, options.yes)))
    except Refused as refused:
        say(refused)
        sys.exit(3)


if __name__ == "__main__":
    main()
