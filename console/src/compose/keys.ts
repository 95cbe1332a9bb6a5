// What an Ed25519 public key gives: the id of its device, and the key that bodies are sealed to.
import { CURVE, etc, Point } from "@noble/ed25519";
import { sha256 } from "../proof/merkle";
import { toHex, type Bytes } from "../proof/bytes";

export async function deviceIdOf(publicKey: Bytes): Promise<string> {
  return toHex((await sha256(publicKey)).slice(0, 16));
}

/** The X25519 form of the key. Throws unless it is a point of the curve's large group, as libsodium demands too. */
export function sealKeyOf(publicKey: Bytes): Bytes {
  const point = Point.fromBytes(publicKey);
  if (point.isSmallOrder() || !point.isTorsionFree()) throw new RangeError("not a key");
  const { y } = point.toAffine();
  let u = etc.mod((1n + y) * etc.invert(1n - y, CURVE.p), CURVE.p);
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(u & 255n);
    u >>= 8n;
    return byte;
  });
}
