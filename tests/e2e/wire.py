"""What a device signs: the few protobuf messages of proto/imece/type/v1/types.proto, written by hand."""

import base64
import hashlib
import os
import struct
import time

from tests.e2e.ed25519 import SigningKey

CLASSES = {"LIFE_CRITICAL": 1, "SAFETY_CRITICAL": 2, "OPERATIONAL": 3, "COMMUNICATION": 4,
           "MAINTENANCE": 5}
DELIVERED = 3


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def blob(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def double(field, value):
    return varint(field << 3 | 1) + struct.pack("<d", value)


def timestamp(field, seconds):
    whole = int(seconds)
    return blob(field, number(1, whole) + number(2, int((seconds - whole) * 1000) * 1000000))


def read_fields(data):
    """{field: last value}, whole numbers and byte strings only."""
    fields, at = {}, 0

    def read_varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = read_varint()
        if tag & 7 == 0:
            fields[tag >> 3] = read_varint()
        elif tag & 7 == 2:
            size = read_varint()
            fields[tag >> 3] = data[at:at + size]
            at += size
        else:
            raise ValueError(f"wire type {tag & 7}")
    return fields


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


def uuid7(now):
    value = bytearray(int(now * 1000).to_bytes(6, "big") + os.urandom(10))
    value[6] = value[6] & 0x0F | 0x70
    value[8] = value[8] & 0x3F | 0x80
    return bytes(value)


def uuid_text(value):
    text = value.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Device:
    """A device of the test: its key, and after enrolment its credential and session."""

    def __init__(self, seed=None):
        self.seed = seed or os.urandom(32)
        self.key = SigningKey(self.seed)
        self.id = hashlib.sha256(self.key.public).digest()[:16]
        self.name = self.id.hex()
        self.credential = None
        self.token = None

    def enrolment(self, token, label="e2e"):
        """The body of POST /v1/devices."""
        signed = hashlib.sha256(token.encode()).digest() + self.key.public
        return {"enrolmentToken": token, "publicKey": b64(self.key.public), "label": label,
                "proof": b64(self.key.sign_in_domain("imece.enrol.v1", signed))}

    def envelope(self, to, body=b"sealed elsewhere", kind="COMMUNICATION", now=None, ttl=3600,
                 exercise=True, message_id=None):
        """(message id, body of POST /v1/messages)."""
        now = time.time() if now is None else now
        message_id = message_id or uuid7(now)
        data = (blob(1, message_id) + blob(2, self.id) + blob(3, blob(1, to))
                + number(4, CLASSES[kind]) + timestamp(5, now) + blob(6, number(1, ttl))
                + number(7, int(exercise)) + blob(9, body))
        signature = self.key.sign_in_domain("imece.envelope.v1", data)
        return uuid_text(message_id), {"envelope": b64(data), "signature": b64(signature),
                                       "credential": self.credential}

    def receipt(self, message_id, now=None, kind=DELIVERED):
        """A SignedReceipt for a message id given as text."""
        raw = bytes.fromhex(message_id.replace("-", ""))
        data = (blob(1, raw) + blob(2, self.id) + number(3, kind)
                + timestamp(4, time.time() if now is None else now))
        return {"receipt": b64(data),
                "signature": b64(self.key.sign_in_domain("imece.receipt.v1", data))}

    def report(self, place, neighbours=(), battery=80, uplink=False, now=None):
        """A SignedReport: where the device is, as (latitude, longitude), and {device: quality} that it hears."""
        now = time.time() if now is None else now
        heard = (blob(8, blob(1, other.id) + double(2, quality)) for other, quality in dict(neighbours).items())
        data = (blob(1, self.id) + number(2, int(now * 1000)) + timestamp(3, now) + number(4, battery)
                + number(5, int(uplink)) + blob(7, double(1, place[0]) + double(2, place[1])) + b"".join(heard))
        return {"report": b64(data), "signature": b64(self.key.sign_in_domain("imece.report.v1", data))}
