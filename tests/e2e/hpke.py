"""Opens sealed bodies (HPKE of RFC 9180 in base mode, X25519 and ChaCha20-Poly1305) in plain Python, independent of who sealed them."""

import hashlib
import hmac
import struct

P = 2**255 - 19
KEM = b"KEM\x00\x20"
SUITE = b"HPKE\x00\x20\x00\x01\x00\x03"


def x25519(scalar, point):
    """RFC 7748: the ladder over the u-coordinate."""
    k = int.from_bytes(scalar, "little") & ((1 << 254) - 8) | 1 << 254
    u = int.from_bytes(point, "little") & ((1 << 255) - 1)
    a, b, c, d = 1, 0, u, 1
    for i in reversed(range(255)):
        if bit := k >> i & 1:
            a, b, c, d = c, d, a, b
        plus, minus = a + b, a - b
        cross, other = (c - d) * plus, (c + d) * minus
        square, less = plus * plus, minus * minus
        gap = square - less
        a, b = square * less % P, gap * (square + 121665 * gap) % P
        c, d = (cross + other) ** 2 % P, u * (cross - other) ** 2 % P
        if bit:
            a, b, c, d = c, d, a, b
    return (a * pow(b, P - 2, P) % P).to_bytes(32, "little")


def _extract(suite, salt, label, material):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + material, "sha256")


def _expand(suite, key, label, info, size):
    return hmac.digest(key, bytes((0, size)) + b"HPKE-v1" + suite + label + info + b"\x01", "sha256")[:size]


def _chacha20(key, counter, nonce):
    """One block of 64 bytes (RFC 8439)."""
    start = list(struct.unpack("<4I8II3I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce))
    state = start[:]

    def turn(i, by):
        state[i] = (state[i] << by | state[i] >> 32 - by) & 0xFFFFFFFF

    def quarter(a, b, c, d):
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & 0xFFFFFFFF
            state[z] ^= state[x]
            turn(z, by)

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((x + y) & 0xFFFFFFFF for x, y in zip(state, start)))


def _tag(key, data):
    """Poly1305 over no associated data and `data`."""
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    padded = data + bytes(-len(data) % 16) + struct.pack("<QQ", 0, len(data))
    total = 0
    for at in range(0, len(padded), 16):
        total = (total + int.from_bytes(padded[at:at + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:32], "little")) % 2**128).to_bytes(16, "little")


def _decrypt(key, nonce, ciphertext, tag):
    if not hmac.compare_digest(_tag(_chacha20(key, 0, nonce), ciphertext), tag):
        raise ValueError("the seal is broken")
    stream = b"".join(_chacha20(key, 1 + i, nonce) for i in range(-(-len(ciphertext) // 64)))
    return bytes(x ^ y for x, y in zip(ciphertext, stream))


def open_body(seed, sealed):
    """What was sealed to the Ed25519 key of `seed`. ValueError where it was not, or was changed."""
    enc, ciphertext, tag = sealed[:32], sealed[32:-16], sealed[-16:]
    secret = hashlib.sha512(seed).digest()[:32]
    own = x25519(secret, (9).to_bytes(32, "little"))
    prk = _extract(KEM, b"", b"eae_prk", x25519(secret, enc))
    shared = _expand(KEM, prk, b"shared_secret", enc + own, 32)
    context = (b"\0" + _extract(SUITE, b"", b"psk_id_hash", b"")
               + _extract(SUITE, b"", b"info_hash", b"imece.body.v1"))
    secret = _extract(SUITE, shared, b"secret", b"")
    return _decrypt(_expand(SUITE, secret, b"key", context, 32),
                    _expand(SUITE, secret, b"base_nonce", context, 12), ciphertext, tag)
