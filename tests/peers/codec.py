"""The encoding of every structure: little-endian integers, u64 lengths, fields in order."""

import struct
from dataclasses import dataclass

SIZES = {"u8": "<B", "u16": "<H", "u32": "<I", "u64": "<Q"}


class Malformed(Exception):
    pass


@dataclass(frozen=True)
class Listing:
    item: object


def fixed(n):
    return ("fixed", n)


BYTES = "bytes"
B32 = fixed(32)


def encode(shape, value):
    if isinstance(shape, dict):
        return b"".join(encode(field, value[name]) for name, field in shape.items())
    if isinstance(shape, Listing):
        return struct.pack("<Q", len(value)) + b"".join(encode(shape.item, item) for item in value)
    if shape == BYTES:
        return struct.pack("<Q", len(value)) + value
    if isinstance(shape, tuple):
        assert len(value) == shape[1]
        return value
    return struct.pack(SIZES[shape], value)


def _take(data, at, n):
    if n > len(data) - at:
        raise Malformed("too short")
    return data[at:at + n], at + n


def _decode(shape, data, at):
    if isinstance(shape, dict):
        value = {}
        for name, field in shape.items():
            value[name], at = _decode(field, data, at)
        return value, at
    if isinstance(shape, Listing):
        count, at = _decode("u64", data, at)
        if count > len(data) - at:
            raise Malformed("more items than bytes")
        items = []
        for _ in range(count):
            item, at = _decode(shape.item, data, at)
            items.append(item)
        return items, at
    if shape == BYTES:
        length, at = _decode("u64", data, at)
        return _take(data, at, length)
    if isinstance(shape, tuple):
        return _take(data, at, shape[1])
    raw, at = _take(data, at, struct.calcsize(SIZES[shape]))
    return struct.unpack(SIZES[shape], raw)[0], at


def decode(shape, data):
    value, at = _decode(shape, data, 0)
    if at != len(data):
        raise Malformed("trailing bytes")
    return value


def decode_front(shape, data):
    """What comes first; the rest is not looked at."""
    return _decode(shape, data, 0)[0]
