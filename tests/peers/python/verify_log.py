"""Verifies a campaign's log with tlog-scales, a tlog-tiles library by others that shares no origin with ours or Go's.

The checkpoint's signature by the log key of the genesis, the root from the tiles, a proof of inclusion for every entry,
and a proof that an older checkpoint is a beginning of this log.

usage: python verify_log.py URL|FOLDER [OLDER_CHECKPOINT]    prints the sizes as JSON; exit 3 and a sentence if it is wrong
"""

import base64
import json
import pathlib
import sys

from tlog_scales import backend, reader, signing, tiles, tlog


def verify(location, older):
    document = backend.make_backend(location).get("campaign")
    genesis = json.loads(document)
    name = f"{genesis['origin_name']}/{tiles.leaf_hash(document).hex()}"
    key = signing.Vkey(name, None, 1, base64.urlsafe_b64decode(genesis["log_key"]))
    log = reader.TilesReader(backend.make_backend(f"{location}/log"))
    head = log.get_checkpoint()
    head.verify(key)
    if head.origin != name or log.get_entry(0) != document:
        raise ValueError("it is the log of another campaign")
    if log.calculate_root_hash() != head.root_hash:
        raise ValueError("the tiles do not give the root of the checkpoint")
    for number in range(head.size):
        leaf = tiles.leaf_hash(log.get_entry(number))
        log.get_inclusion_proof(number, head.size).check(leaf, head.root_hash)
    sizes = {"size": head.size, "older": 0}
    if older:
        old = tlog.Checkpoint.from_text(pathlib.Path(older).read_text())
        old.verify(key)
        log.get_consistency_proof(old.size, head.size).check(old.root_hash, head.root_hash)
        sizes["older"] = old.size
    return sizes


def main(location, older=None):
    try:
        sizes = verify(location, older)
    except Exception as error:  # the library refuses by raising one thing or another
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(3)
    json.dump(sizes, sys.stdout)


main(*sys.argv[1:])
