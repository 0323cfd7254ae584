"""Verifies what `causeway export --format bundle` has written: verify_bundle.py FILE... [--relay-key HEX --registrar-key HEX],
or verify_bundle.py refuse FILE..., of which each must be refused."""

import io
import json
import struct
import sys
import zipfile
import zlib
from datetime import UTC, datetime

from codec import B32, BYTES, Listing, Malformed, decode
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from directory import SIGNED, frame, judge, need, sha

GRANT = {"manifest": B32, "nonce": B32, "from_org": B32, "from_device": B32, "from_roster": B32, "to_org": B32,
         "to_root": B32, "to_roster": B32, "devices": B32, "granted": Listing({"index": "u8", "salt": B32}),
         "purpose": "u16", "onward": "u8", "seq": "u64", "previous": B32, "log_size": "u64", "log_root": B32,
         "created": "u64", "expires": "u64"}
MANIFEST = {"packet": B32, "packet_type": "u16", "created": "u64", "case_ref": B32, "in_reply_to": B32,
            "commitments": Listing(B32)}
RECEIPT = {"packet": B32, "grant": B32, "org": B32, "device": B32, "status": "u8", "at": "u64"}
RELAY_RECEIPT = {"outcome": "u8", "envelope": B32, "digest": B32, "time": "u64", "devices": Listing(B32)}


# What each object of the index has, and nothing else.
ATTACHED = ("name", "media_type", "bytes", "sha256", "path")
PACKET = {name: None for name in ("packet", "kind", "from", "from_name", "to", "to_name", "created", "grant_digest", "grant",
          "manifest", "envelope", "sealed_again", "withheld", "relay_receipts", "receipts")}
PACKET |= {"sections": ("code", "path"), "attachments": ATTACHED}
INDEX = {name: None for name in ("schema_version", "type", "kind", "referral", "case_ref", "exercise", "made")}
INDEX |= {"by": ("org", "name", "device"), "packets": PACKET, "files": ("path", "bytes", "sha256")}


def only(names, value):
    for each in value if isinstance(value, list) else [value]:
        need(set(each) == set(names), "an object with more or less than it has")
        for name, below in (names.items() if isinstance(names, dict) else ()):
            if below:
                only(below, each[name])

def archive(files):  # stored, one date, no comments: the only bytes that such files can have
    out, central = b"", b""
    for name, data in files:
        common = struct.pack("<HHHHHIIIHH", 10, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(name), 0)
        central += b"PK\1\2" + struct.pack("<H", 0x030A) + common + struct.pack("<HHHII", 0, 0, 0, 0o100600 << 16, len(out))
        central += name.encode()
        out += b"PK\3\4" + common + name.encode() + data
    return out + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(central), len(out), 0)

def unpack(data):
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        files = [(entry.filename, packed.read(entry)) for entry in packed.infolist()]
    need(archive(files) == data, "the archive is not byte for byte one of ours")
    need(len(dict(files)) == len(files), "a name twice")
    return dict(files)

def signed(label, data, key, shape):
    pair = decode(SIGNED, data)
    value = decode(shape, pair["body"])
    Ed25519PublicKey.from_public_bytes(key(value)).verify(pair["signature"], frame(label, pair["body"]))
    return value, pair["body"]

def commitment(salt, index, plain):
    return sha(frame("section-commit", salt + bytes([index]) + len(plain).to_bytes(8, "little") + plain))

def device(orgs, org, name, rosters=()):  # the key that the directory lists, or has listed in one of these rosters
    listed = [orgs[org]["devices"]] + [orgs[org]["former"].get(roster, {}) for roster in rosters] if org in orgs else []
    key = next((devices[name] for devices in listed if name in devices), None)
    need(key, "a device that the directory does not list")
    return key

def packet(entry, index, files, orgs, relays):
    sender, recipient = bytes.fromhex(entry["from"]), bytes.fromhex(entry["to"])
    sections = [files[section["path"]] for section in entry["sections"]]
    if entry["grant"]:
        grant, body = signed("grant", files[entry["grant"]], lambda g: device(orgs, sender, g["from_device"], [g["from_roster"]]), GRANT)
        manifest = decode(MANIFEST, files[entry["manifest"]])
        need((grant["from_org"], grant["to_org"]) == (sender, recipient), "whose grant it is")
        need(grant["manifest"] == sha(frame("manifest", files[entry["manifest"]])), "the manifest")
        need(manifest["packet"].hex() == entry["packet"] and manifest["created"] == grant["created"], "the packet")
        need(datetime.fromtimestamp(grant["created"] // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == entry["created"], "the time")
        need(sha(frame("packet-chain", body)).hex() == entry["grant_digest"], "the grant's hash")
        for plain in sections:
            opens = (manifest["commitments"][g["index"]] == commitment(g["salt"], g["index"], plain)
                     for g in grant["granted"] if g["index"] < len(manifest["commitments"]))
            need(any(opens), "a section that was not signed")
    else:
        need(entry["from"] == index["by"]["org"], "a packet of somebody else without its grant")
    for path in entry["receipts"]:
        receipt, _ = signed("receipt", files[path], lambda r: device(orgs, recipient, r["device"], orgs[recipient]["former"]), RECEIPT)
        need((receipt["packet"].hex(), receipt["org"]) == (entry["packet"], recipient), "a receipt for another packet")
        need(entry["sealed_again"] or receipt["grant"].hex() == entry["grant_digest"], "a receipt for another grant")
    for path in entry["relay_receipts"]:
        pair = decode(SIGNED, files[path])
        said = decode(RELAY_RECEIPT, pair["body"])
        key = next((key for key, end in relays if said["time"] < end), None)
        need(key and said["envelope"].hex() == entry["envelope"], "a relay's receipt for another envelope")
        Ed25519PublicKey.from_public_bytes(key).verify(pair["signature"], frame("relay-ack", pair["body"]))
    named = {file["sha256"] for plain in sections for file in json.loads(plain).get("attachments", [])}
    for file in entry["attachments"]:
        need(file["sha256"] in named, "a file that no section names")
        need(file["path"] is None or sha(files[file["path"]]).hex() == file["sha256"], "a file that was changed")

def verify(data, pins):
    files = unpack(data)
    index, mark, directory = (json.loads(files[name]) for name in ("index.json", "index.sig", "directory.json"))
    only(INDEX, index)
    only(("device", "signature"), mark)
    need((index["type"], index["schema_version"]) == ("causeway-bundle", 1), "another kind of file")
    for name, key in pins.items():
        need(directory[name] == key, f"another {name} than the one you gave")
    orgs, relays = judge(directory)
    by = bytes.fromhex(index["by"]["org"])
    need(mark["device"] == index["by"]["device"], "who signs the index")
    key = device(orgs, by, bytes.fromhex(mark["device"]))
    Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(mark["signature"]), frame("bundle", files["index.json"]))
    listed = {entry["path"]: entry for entry in index["files"]}
    need(["index.json", "index.sig"] + [entry["path"] for entry in index["files"]] == list(files),
         "files that the index does not list, or lists in vain or in another order")
    for path, entry in listed.items():
        need((sha(files[path]).hex(), len(files[path])) == (entry["sha256"], entry["bytes"]), f"{path} was changed")
    for entry in index["packets"]:
        packet(entry, index, files, orgs, relays)
    proven = sum(1 for entry in index["packets"] if entry["grant"])
    receipts = sum(len({files[path] for path in entry["receipts"] + entry["relay_receipts"]}) for entry in index["packets"])
    trust = "keys compared" if len(pins) == 2 else "KEYS NOT COMPARED"
    exercise = "EXERCISE, " if index["exercise"] else ""
    return f"{exercise}by {orgs[by]['name']}, {len(index['packets'])} packets ({proven} proven), {receipts} receipts, {trust}"


def main(words):
    pins, paths, refuse = {}, [], False
    while words:
        word = words.pop(0)
        if word in ("--relay-key", "--registrar-key"):
            pins[word[2:].replace("-", "_")] = words.pop(0)
        elif word == "refuse":
            refuse = True
        else:
            paths.append(word)
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        try:
            right, said = True, verify(data, pins)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error, NotImplementedError, RuntimeError,
                EOFError, zipfile.BadZipFile, Malformed, InvalidSignature) as wrong:
            right, said = False, f"refused: {str(wrong) or 'a signature'}"
        print(f"  {path.rsplit('/', 1)[-1]}: {said}")
        if right == refuse:
            sys.exit(f"{path} should have been {'refused' if right else 'accepted'}")


if __name__ == "__main__":
    main(sys.argv[1:])
