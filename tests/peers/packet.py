#!/usr/bin/env python3
"""A second implementation of sealed packets, on PyPI cryptography (OpenSSL). It shares no code with the product.

packet.py check FOLDER     opens every vector in FOLDER and compares the verdict with the one in the file
packet.py attachment FILE  opens an attachment vector
packet.py make FILE        seals a packet to a fresh device and writes it as a vector

Needs cryptography >= 50.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import (
    AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite,
)

from codec import B32, BYTES, Listing, Malformed, decode, encode, fixed

HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
ENC, SLOTS, CHUNK, TAG = 1120, 16, 16384, 16
WRAP_PLAIN = 32 + 2 + SLOTS * 32
HOUR_MS = 3_600_000

SIGNED = {"body": BYTES, "signature": BYTES}
OUTER = {"version": "u16", "suite": "u16", "nonce": B32, "recipient": B32, "expiry_hours": "u32",
         "priority": "u8", "size_class": "u8"}
WRAP = {"device": B32, "prekey": "u64", "kind": "u8", "enc": BYTES, "ct": BYTES}
MANIFEST = {"packet": B32, "packet_type": "u16", "created": "u64", "case_ref": B32, "in_reply_to": B32,
            "commitments": Listing(B32)}
GRANT = {"manifest": B32, "nonce": B32, "from_org": B32, "from_device": B32, "from_roster": B32, "to_org": B32,
         "to_root": B32, "to_roster": B32, "devices": B32, "granted": Listing({"index": "u8", "salt": B32}),
         "purpose": "u16", "onward": "u8", "seq": "u64", "previous": B32, "log_size": "u64", "log_root": B32,
         "created": "u64", "expires": "u64"}
SEALED_TO = {"device": B32, "prekey": "u64"}
SECTION = {"index": "u8", "code": fixed(3), "flags": "u8", "bytes": BYTES}
INNER = {"manifest": BYTES, "grant": SIGNED, "devices": Listing(SEALED_TO), "sections": Listing(SECTION),
         "checkpoint": BYTES, "return_prekeys": Listing(SIGNED)}


class Refused(Exception):
    pass


def need(condition, name):
    if not condition:
        raise Refused(name)


# --- framed hashes and signatures

def frame(label, body):
    text = b"causeway/v1 " + label.encode()
    return b"\x19" + bytes([len(text)]) + text + (1).to_bytes(2, "little") + len(body).to_bytes(8, "little") + body


def sha256(data):
    return hashlib.sha256(data).digest()


def h(label, body):
    return sha256(frame(label, body))


def commitment(salt, index, plain):
    return h("section-commit", salt + bytes([index]) + len(plain).to_bytes(8, "little") + plain)


# --- committing chunked encryption (C2SP chunked-encryption v1)

def derive(key, salt, context):
    info = b"c2sp.org/chunked-encryption@v1+AEAD_CHACHA20_POLY1305\0" + salt + context
    first = hmac.digest(key, info + b"\x01", "sha512")
    okm = first + hmac.digest(key, first + info + b"\x02", "sha512")
    return ChaCha20Poly1305(okm[:32]), okm[32:44], okm[44:76]


def chunk_nonce(base, index):
    return (int.from_bytes(base, "big") ^ index).to_bytes(12, "big")


def caead_seal(key, context, plain):
    salt = os.urandom(24)
    cipher, base, committed = derive(key, salt, context)
    out = salt + committed
    for index in range(len(plain) // CHUNK + 1):
        out += cipher.encrypt(chunk_nonce(base, index), plain[index * CHUNK:(index + 1) * CHUNK], None)
    return out


def caead_open(key, context, sealed, name):
    need(len(sealed) >= 56 + TAG, name)
    cipher, base, committed = derive(key, sealed[:24], context)
    need(hmac.compare_digest(committed, sealed[24:56]), name)
    chunks, out = sealed[56:], b""
    for index in range(len(chunks) // (CHUNK + TAG) + 1):
        chunk = chunks[index * (CHUNK + TAG):(index + 1) * (CHUNK + TAG)]
        need(len(chunk) >= TAG, name)
        try:
            out += cipher.decrypt(chunk_nonce(base, index), chunk, None)
        except InvalidTag:
            raise Refused(name) from None
    return out


# --- padding

def padded_len(n):
    return max(4096, 1 << (n - 1).bit_length()) if n <= 256 * 1024 else padme(n)


def padme(n):
    exponent = n.bit_length() - 1
    last_bits = exponent - exponent.bit_length()
    mask = (1 << last_bits) - 1
    return (n + mask) & ~mask


def pad(content):
    content += b"\x80"
    return content.ljust(padded_len(len(content)), b"\0")


def unpad(padded):
    content = padded.rstrip(b"\0")
    need(content.endswith(b"\x80") and padded_len(len(content)) == len(padded), "Padding")
    return content[:-1]


# --- wraps

def private_key(seed):
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768X25519PrivateKey(MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
                                    X25519PrivateKey.from_private_bytes(expanded[64:]))


def public_bytes(seed):
    expanded = hashlib.shake_256(seed).digest(96)
    kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key()
    ecdh = X25519PrivateKey.from_private_bytes(expanded[64:]).public_key()
    return kem.public_bytes_raw() + ecdh.public_bytes_raw()


def public_key(raw):
    return MLKEM768X25519PublicKey(MLKEM768PublicKey.from_public_bytes(raw[:1184]),
                                   X25519PublicKey.from_public_bytes(raw[1184:]))


def low_order(point):
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(point))
        return False
    except ValueError:
        return True


def wrap_info(envelope, recipient, device, prekey, kind, prekey_public):
    bound = envelope + recipient + device + prekey.to_bytes(8, "little") + bytes([kind]) + sha256(prekey_public)
    return frame("seal", h("seal", bound))


def envelope_id(outer, body):
    return h("envelope-id", outer + sha256(body))


# --- opening

def open_packet(v):
    outer, wrap, body = decode(OUTER, v["outer"]), decode(WRAP, v["wrap"]), v["body"]
    need(outer["version"] == 1 and outer["suite"] == 1, "Version")
    need(outer["recipient"] == v["my_org"], "Recipient")
    need(wrap["device"] == v["my_device"], "Device")
    fits = 56 + 4096 + TAG <= len(body) <= 56 + (1 << 20) + TAG * 65
    need(fits and outer["size_class"] == (len(body) - 1).bit_length(), "BodyLength")
    lengths = (len(wrap["enc"]), len(wrap["ct"]), len(v["prekey_public"]))
    need(lengths == (ENC, WRAP_PLAIN + TAG, 1216), "WrapLength")
    need(not low_order(wrap["enc"][1088:]), "LowOrder")
    info = wrap_info(envelope_id(v["outer"], body), v["my_org"], v["my_device"], wrap["prekey"], wrap["kind"],
                     v["prekey_public"])
    try:
        keys = HPKE.decrypt(wrap["enc"] + wrap["ct"], private_key(v["seed"]), info)
    except (InvalidTag, ValueError):
        raise Refused("Wrap") from None
    padded = caead_open(keys[:32], h("body-ctx", v["outer"]), body, "Body")
    try:
        inner = decode(INNER, unpad(padded))
        check_shape(inner, int.from_bytes(keys[32:34], "little"))
        grant = decode(GRANT, inner["grant"]["body"])
    except Malformed:
        raise Refused("Content") from None
    verify(v, outer, wrap, inner, grant)
    return read(outer, inner, grant, keys)


def check_shape(inner, mask):
    sections, devices = inner["sections"], [d["device"] for d in inner["devices"]]
    need(bool(sections), "Shape")
    first, numbers = sections[0], [s["index"] for s in sections]
    need((first["index"], first["code"], first["flags"]) == (0, b"HDR", 0), "Shape")
    need(all(s["flags"] == 1 and 1 <= s["index"] <= SLOTS for s in sections[1:]), "Shape")
    need(numbers == sorted(set(numbers)) and devices == sorted(set(devices)), "Shape")
    need(mask & ~sum(1 << (n - 1) for n in numbers[1:]) == 0, "Shape")
    need(len(devices) <= 100 and len(inner["checkpoint"]) <= 4096 and len(inner["return_prekeys"]) <= 5, "Shape")


def verify(v, outer, wrap, inner, grant):
    need(h("device-id", v["sender_key"]) == grant["from_device"], "SenderKey")
    try:
        key = Ed25519PublicKey.from_public_bytes(v["sender_key"])
        key.verify(inner["grant"]["signature"], frame("grant", inner["grant"]["body"]))
    except InvalidSignature:
        raise Refused("Signature") from None
    need(grant["to_org"] == v["my_org"], "Readdressed")
    need(grant["nonce"] == outer["nonce"], "Nonce")
    need(-(-grant["expires"] // HOUR_MS) == outer["expiry_hours"], "Expiry")
    need(grant["devices"] == h("device-list", encode(Listing(SEALED_TO), inner["devices"])), "DeviceList")
    need({"device": v["my_device"], "prekey": wrap["prekey"]} in inner["devices"], "NotListed")
    need(grant["manifest"] == h("manifest", inner["manifest"]), "Manifest")


def read(outer, inner, grant, keys):
    try:
        manifest = decode(MANIFEST, inner["manifest"])
    except Malformed:
        raise Refused("ManifestContent") from None
    need(manifest["created"] == grant["created"], "Created")
    need([g["index"] for g in grant["granted"]] == [s["index"] for s in inner["sections"]], "Granted")
    sections = {}
    for section, granted in zip(inner["sections"], grant["granted"]):
        number, plain = section["index"], section["bytes"]
        need(number < len(manifest["commitments"]), "Commitment")
        if number > 0:
            if not int.from_bytes(keys[32:34], "little") >> (number - 1) & 1:
                continue
            key = keys[34 + (number - 1) * 32:][:32]
            plain = caead_open(key, h("section-ctx", outer["nonce"] + bytes([number])), plain, "SectionKey")
        need(manifest["commitments"][number] == commitment(granted["salt"], number, plain), "Commitment")
        sections[section["code"].decode()] = plain.hex()
    return {"packet": manifest["packet"].hex(), "grant_digest": h("packet-chain", inner["grant"]["body"]).hex(),
            "sections": sections}


# --- sealing

def make():
    seed, device, recipient, nonce = os.urandom(32), os.urandom(32), os.urandom(32), os.urandom(32)
    signer = Ed25519PrivateKey.generate()
    signer_raw = signer.public_key().public_bytes_raw()
    texts = [(b"HDR", "от коллег: référé".encode()), (b"RSK", b"high"), (b"LGL", os.urandom(20_000))]
    salts, keys = [os.urandom(32) for _ in texts], [os.urandom(32) for _ in texts]
    created, expires = 1_795_000_000_000, 1_795_021_600_001
    commitments = [commitment(salts[i], i, text) for i, (_, text) in enumerate(texts)]
    commitments += [os.urandom(32) for _ in range(-len(commitments) % 8)]
    manifest = encode(MANIFEST, {"packet": os.urandom(32), "packet_type": 1, "created": created,
                                 "case_ref": os.urandom(32), "in_reply_to": bytes(32), "commitments": commitments})
    devices = [{"device": device, "prekey": 77}]
    grant = encode(GRANT, {
        "manifest": h("manifest", manifest), "nonce": nonce, "from_org": os.urandom(32),
        "from_device": h("device-id", signer_raw), "from_roster": os.urandom(32), "to_org": recipient,
        "to_root": os.urandom(32), "to_roster": os.urandom(32),
        "devices": h("device-list", encode(Listing(SEALED_TO), devices)),
        "granted": [{"index": i, "salt": salt} for i, salt in enumerate(salts)], "purpose": 3, "onward": 0, "seq": 12,
        "previous": os.urandom(32), "log_size": 4, "log_root": os.urandom(32), "created": created,
        "expires": expires})
    sections = [{"index": 0, "code": texts[0][0], "flags": 0, "bytes": texts[0][1]}]
    for i, (code, text) in list(enumerate(texts))[1:]:
        sealed = caead_seal(keys[i], h("section-ctx", nonce + bytes([i])), text)
        sections.append({"index": i, "code": code, "flags": 1, "bytes": sealed})
    signature = signer.sign(frame("grant", grant))
    padded = pad(encode(INNER, {"manifest": manifest, "grant": {"body": grant, "signature": signature},
                                "devices": devices, "sections": sections, "checkpoint": b"a head",
                                "return_prekeys": []}))
    length = 56 + len(padded) + TAG * (len(padded) // CHUNK + 1)
    outer = encode(OUTER, {"version": 1, "suite": 1, "nonce": nonce, "recipient": recipient,
                           "expiry_hours": -(-expires // HOUR_MS), "priority": 1,
                           "size_class": (length - 1).bit_length()})
    body_key = os.urandom(32)
    body = caead_seal(body_key, h("body-ctx", outer), padded)
    prekey_public = public_bytes(seed)
    info = wrap_info(envelope_id(outer, body), recipient, device, 77, 2, prekey_public)
    slots = b"".join(keys[1:]) + os.urandom((SLOTS - len(keys) + 1) * 32)
    sealed = HPKE.encrypt(body_key + (0b11).to_bytes(2, "little") + slots, public_key(prekey_public), info)
    wrap = encode(WRAP, {"device": device, "prekey": 77, "kind": 2, "enc": sealed[:ENC], "ct": sealed[ENC:]})
    vector = {"my_org": recipient, "my_device": device, "seed": seed, "sender_key": signer_raw, "outer": outer,
              "prekey_public": prekey_public, "wrap": wrap, "body": body}
    return vector, open_packet(vector)


# --- vectors

LONG = ("prekey_public", "wrap", "body")
SHORT = ("my_org", "my_device", "seed", "sender_key", "outer")


def load(path):
    text = json.loads(path.read_text())
    vector = {name: bytes.fromhex(text[name]) for name in SHORT}
    vector |= {name: base64.b64decode(text[name]) for name in LONG}
    return text, vector


def check(folder):
    wrong = 0
    paths = sorted(Path(folder).glob("*.json"))
    for path in paths:
        text, vector = load(path)
        try:
            verdict, opened = "Ok", open_packet(vector)
        except Refused as refused:
            verdict, opened = str(refused), None
        if verdict != text["expect"] or opened != text["opened"]:
            wrong += 1
            print(f"{path.name}: {verdict}, where {text['expect']} was expected")
    print(f"{len(paths)} vectors, {wrong} wrong")
    return 0 if paths and not wrong else 1


def attachment(path):
    v = json.loads(Path(path).read_text())
    blob = base64.b64decode(v["blob"])
    place = bytes.fromhex(v["packet"]) + bytes([v["section"]]) + v["number"].to_bytes(2, "little")
    padded = caead_open(bytes.fromhex(v["key"]), h("attachment-ctx", place), blob, "Attachment")
    plain, zeros = padded[:v["plain_len"]], padded[v["plain_len"]:]
    right = (sha256(blob).hex(), sha256(plain).hex()) == (v["blob_id"], v["plain_sha256"])
    right = right and not any(zeros) and len(padded) == padme(max(4096, len(plain)))
    print("the attachment opens" if right else "the attachment is wrong")
    return 0 if right else 1


def write(path):
    vector, opened = make()
    text = {"about": "sealed by the Python peer", "expect": "Ok"}
    text |= {name: vector[name].hex() for name in SHORT}
    text |= {name: base64.b64encode(vector[name]).decode() for name in LONG}
    text["opened"] = opened
    Path(path).write_text(json.dumps(text, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit({"check": check, "attachment": attachment, "make": write}[sys.argv[1]](sys.argv[2]))
