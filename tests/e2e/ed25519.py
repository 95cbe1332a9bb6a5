"""Ed25519 signatures (RFC 8032) in plain Python: slow, and independent of what the server uses."""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _add(p, q):
    """Adds two points in extended coordinates (X, Y, Z, T)."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _base():
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x % 2:
        x = P - x
    return x, y, 1, x * y % P


# The base point doubled 0 to 255 times, so that a multiplication is additions only.
_DOUBLES = [_base()]
for _ in range(255):
    _DOUBLES.append(_add(_DOUBLES[-1], _DOUBLES[-1]))


def _times_base(scalar):
    point = (0, 1, 1, 0)
    for i in range(256):
        if scalar >> i & 1:
            point = _add(point, _DOUBLES[i])
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


class SigningKey:
    """The key pair of a 32-byte seed."""

    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        clamped = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
        self._scalar, self._prefix = clamped, digest[32:]
        self.public = _times_base(clamped)

    def sign(self, message):
        nonce = int.from_bytes(hashlib.sha512(self._prefix + message).digest(), "little") % L
        commitment = _times_base(nonce)
        digest = hashlib.sha512(commitment + self.public + message).digest()
        answer = (nonce + int.from_bytes(digest, "little") * self._scalar) % L
        return commitment + answer.to_bytes(32, "little")

    def sign_in_domain(self, domain, message):
        """As imece signs: domain, a zero byte, the bytes."""
        return self.sign(domain.encode() + b"\0" + message)
