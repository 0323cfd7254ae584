"""Verifies what `causeway directory export` has written: directory.py FILE..., or directory.py refuse FILE..."""

import hashlib
import json
import sys
from base64 import b64decode

from codec import B32, BYTES, Listing, Malformed, decode, decode_front
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNED = {"body": BYTES, "signature": BYTES}
STATEMENT = {"kind": "u8", "org": B32, "sequence": "u64", "previous": B32, "time": "u64", "signer": B32, "payload": BYTES}
GENESIS = {"registrar": B32, "registrar_tls": B32, "relay": B32, "threshold": "u8"}
FOUNDING = {"name": BYTES, "kind": BYTES, "country": BYTES, "root": B32, "nonce": B32, "created": "u64"}
RECORD = {"org": B32, "sequence": "u64", "root": B32, "next_root": B32, "administrators": Listing(B32), "threshold": "u8"}
ADMISSION = {"genesis": SIGNED, "record": SIGNED, "roster": B32}
ROSTER = {"body": BYTES, "signatures": Listing({"key": B32, "signature": BYTES})}
DEVICE = {"device": B32, "key": B32, "tls": B32, "roles": "u32", "clearance": "u32", "added": "u64", "label": B32, "expires": "u64"}
DEVICES = {"org": B32, "sequence": "u64", "previous": B32, "from": "u64", "until": "u64", "devices": Listing(DEVICE)}
KEYED = {"key": B32, "signature": BYTES}
RELAY_KEY = {"relay": B32, "from": "u64"}
KEYS = {"key": B32, "tls_key": B32}
REGISTRARS = {"registrars": Listing(KEYS), "threshold": "u8", "candidacies": Listing(SIGNED)}
CANDIDACY = {"address": BYTES, "relay": B32, "registrar": B32, "directory": B32, "keys": KEYS}
TOGETHER = {"statement": BYTES, "signatures": Listing(KEYED)}
ZERO, RECOVERY_LOCK_MS = bytes(32), 72 * 3600 * 1000


def need(condition, what):
    if not condition:
        raise ValueError(what)

def sha(data):
    return hashlib.sha256(data).digest()

def frame(label, body):
    label = b"causeway/v1 " + label.encode()
    return b"\x19" + bytes([len(label)]) + label + b"\1\0" + len(body).to_bytes(8, "little") + body

def signed(label, pair, key, shape):
    Ed25519PublicKey.from_public_bytes(key(decode(shape, pair["body"]))).verify(pair["signature"], frame(label, pair["body"]))
    return decode(shape, pair["body"])

def tree(leaves):  # RFC 6962
    split = 1 << (len(leaves) - 1).bit_length() - 1 if len(leaves) > 1 else 0
    return sha(b"\1" + tree(leaves[:split]) + tree(leaves[split:])) if split else sha(b"\0" + leaves[0])

def head(note, relays):  # a C2SP signed note; lines of other signers do not matter
    text, _, lines = note.decode().rpartition("\n\n")
    origin, size, root, at = text.split("\n")[:4]
    relay, end = next(((key, end) for key, end in relays if origin == "causeway.directory/" + key[:8].hex()), (ZERO, 0))
    need(origin == "causeway.directory/" + relay[:8].hex(), "the head's origin")
    need(int(at.removeprefix("time ")) < end, "the head's time")
    mark = next((line for line in lines.splitlines() if line.startswith(f"\u2014 {origin} ")), None)
    need(mark, "the head's signature")
    Ed25519PublicKey.from_public_bytes(relay).verify(b64decode(mark.split(" ")[2])[4:], text.encode() + b"\n")
    return int(size), b64decode(root)

def record(pair, org, number):
    new = signed("org-record", pair, lambda r: r["root"], RECORD)
    need(new["org"] == org and new["sequence"] == number and 1 <= new["threshold"] <= len(new["administrators"]), "the record")
    return new

def statement(leaf):  # a statement, and who has signed it
    s = signed("log-entry", decode(SIGNED, leaf), lambda s: s["signer"], STATEMENT)
    if s["kind"] != 12:
        return s, [s["signer"]]
    pair = decode(TOGETHER, s["payload"])
    inside, keys = decode(STATEMENT, pair["statement"]), [x["key"] for x in pair["signatures"]]
    for x in pair["signatures"]:
        Ed25519PublicKey.from_public_bytes(x["key"]).verify(x["signature"], frame("log-entry", pair["statement"]))
    need(len(keys) > 1 and keys == sorted(set(keys)) and {s["signer"], inside["signer"]} <= set(keys), "who signs together")
    need(inside["kind"] != 12 and all(s[name] == inside[name] for name in ("org", "sequence", "previous")), "what is inside")
    return inside, keys

def itself(s, leaf, run):  # one statement about the directory itself
    need((s["sequence"], s["previous"]) == (run["count"] + 1, run["last"]), "the order of statements")
    run.update(count=run["count"] + 1, last=sha(frame("log-entry", leaf)))
    if s["kind"] == 10:
        relay_key(s, run["relays"])
        return
    need(s["kind"] == 11, "a kind that is not known")
    new = decode(REGISTRARS, s["payload"])
    keys = [x["key"] for x in new["registrars"]]
    need(keys == sorted(set(keys)) and 1 <= new["threshold"] <= len(keys) <= 5, "the registrars")
    wanting = [signed("registrar-request", pair, lambda c: c["keys"]["key"], CANDIDACY) for pair in new["candidacies"]]
    need([c["keys"] for c in wanting] == [x for x in new["registrars"] if x["key"] not in run["keys"]], "who is new wants to be one")
    need(all(c["directory"] == run["founding"] for c in wanting), "of this directory")
    run.update(keys=keys, need=new["threshold"], ever=run["ever"] | set(keys))

def relay_key(s, relays):  # the relay's keys: from when, at once or not, which
    new = decode(RELAY_KEY, s["payload"])
    at = new["from"] or s["time"]
    need(at >= s["time"], "a key from the past on")
    if not relays[-1][1] and relays[-1][0] > s["time"]:
        relays.pop()
    need(new["relay"] not in [key for _, _, key in relays] and s["time"] >= relays[-1][0], "a key of before")
    relays.append((at, not new["from"], new["relay"]))

def step(s, leaf, orgs):  # one statement about an organisation
    kind, payload = s["kind"], s["payload"]
    need(2 <= kind <= 9, "a kind that is not known")
    if kind == 2:
        admission = decode(ADMISSION, payload)
        founding = signed("org-genesis", admission["genesis"], lambda g: g["root"], FOUNDING)
        first = record(admission["record"], sha(frame("org-id", admission["genesis"]["body"])), 1)
        need(s["org"] == first["org"] not in orgs and first["root"] == founding["root"], "the founding")
        orgs[s["org"]] = {"name": founding["name"].decode(), "record": first, "count": 0, "last": ZERO, "out": False, "next": None, "devices": {}, "former": {}}
    need(s["org"] in orgs, "an organisation that is not there")
    org = orgs[s["org"]]
    need((s["sequence"], s["previous"]) == (org["count"] + 1, org["last"]), "the order of statements")
    org["count"], org["last"], now = org["count"] + 1, sha(frame("log-entry", leaf)), org["record"]
    need(kind != 3 or s["signer"] in now["administrators"], "who may change a roster")
    if kind in (4, 5):
        need(org["out"] == (kind == 5), "suspended or not")
        org["out"] = kind == 4
    if kind in (6, 7):
        pair = decode({"record": SIGNED}, payload)["record"]
        new = record(pair, s["org"], now["sequence"] + 1)
        rotates = sha(new["root"]) == now["next_root"] != new["next_root"]
        keeps = kind == 6 and (new["root"], new["next_root"]) == (now["root"], now["next_root"]) and not org["out"]
        need((rotates or keeps) and (kind == 7 or s["signer"] == now["root"]), "the next root")
        org["next"] = (s["time"] + RECOVERY_LOCK_MS, new, sha(pair["body"])) if kind == 7 else None
        org["record"] = new if kind == 6 else now
    if kind == 8:
        need(org["next"] and s["time"] >= org["next"][0] and payload == org["next"][2], "a recovery before its time")
        org["record"], org["next"] = org["next"][1], None
    need(kind != 9 or len(payload) == 32, "a return")
    return org, payload[-32:] if kind in (2, 3) else None

def audit(file):
    orgs, _ = judge(file)
    return ", ".join(f"{org['name']} ({org['count']}{', suspended' if org['out'] else ''})" for org in orgs.values())

def judge(file):  # the organisations with their devices, and the relay's keys with their ends
    need((file["type"], file["schema_version"]) == ("causeway-directory", 1), "another kind of file")
    relay, registrar, orgs, run = bytes.fromhex(file["relay_key"]), bytes.fromhex(file["registrar_key"]), {}, {}
    leaves = [b64decode(leaf) for leaf in file["leaves"]]
    rosters = {sha(frame("roster", r["body"])): r for r in (decode(ROSTER, b64decode(text)) for text in file["rosters"])}
    for number, leaf in enumerate(leaves):
        s, signers = statement(leaf)
        if number == 0:
            genesis = decode(GENESIS, s["payload"])
            need((s["kind"], s["sequence"], s["org"], s["previous"]) == (1, 1, ZERO, ZERO), "the beginning")
            need(s["signer"] == genesis["registrar"], "who runs it")
            run = {"keys": signers, "need": 1, "ever": set(signers), "relays": [(0, True, genesis["relay"])], "count": 1}
            run["last"] = run["founding"] = sha(frame("log-entry", leaf))
            continue
        own_word = s["kind"] in (3, 6) and len(signers) == 1
        entitled = set(signers) <= set(run["keys"]) and len(signers) >= (1 if s["kind"] == 4 else run["need"])
        need(own_word or entitled, "who may say so")
        if s["org"] == ZERO:
            itself(s, leaf, run)
            continue
        org, named = step(s, leaf, orgs)
        if named:
            org["devices"] = {}
        if roster := rosters.pop(named, None):
            good = {x["key"] for x in roster["signatures"] if x["key"] in org["record"]["administrators"]}
            for x in roster["signatures"]:
                Ed25519PublicKey.from_public_bytes(x["key"]).verify(x["signature"], frame("roster", roster["body"]))
            need(len(good) >= org["record"]["threshold"] and roster["body"][:32] == s["org"], "the roster's signers")
            org["devices"] = {x["device"]: x["key"] for x in decode_front(DEVICES, roster["body"])["devices"]}
            org["former"][named] = org["devices"]
            need(all(sha(frame("device-id", key)) == name for name, key in org["devices"].items()), "the names of devices")
    keys = [key for _, _, key in run["relays"]]
    need(relay in keys, "the relay")
    ends = [at for at, _, _ in run["relays"][1:]] + [1 << 64]
    heads = [head(b64decode(note), list(zip(keys, ends))) for note in file["checkpoints"]]
    need(registrar in run["ever"], "the registrar")
    need(not rosters, "a roster that no statement names")
    need(all(0 < size <= len(leaves) and tree(leaves[:size]) == root for size, root in heads), "the root of a head")
    need(max((size for size, _ in heads), default=0) == len(leaves), "statements that no head covers")
    return orgs, list(zip(keys, ends))

for path in sys.argv[1:] if __name__ == "__main__" else []:
    if path == "refuse":
        continue
    with open(path) as file:
        exported = json.load(file)
    try:
        right, said = True, audit(exported)
    except (ValueError, Malformed, InvalidSignature) as wrong:
        right, said = False, f"refused: {str(wrong) or 'a signature'}"
    print(f"  {path.rsplit('/', 1)[-1]}: {said}")
    if right == ("refuse" in sys.argv[1:]):
        sys.exit(f"{path} should have been {'refused' if right else 'accepted'}")
