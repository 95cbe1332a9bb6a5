import { verifyAsync } from "@noble/ed25519";
import { joined, utf8, type Bytes } from "./bytes";

/** Strict RFC 8032, as the site itself checks; never throws. Browsers differ in their own Ed25519, or have none. */
export async function isSigned(key: Bytes, bytes: Bytes, signature: Bytes): Promise<boolean> {
  if (key.length !== 32 || signature.length !== 64) return false;
  return verifyAsync(signature, bytes, key, { zip215: false }).catch(() => false);
}

/** A signature over a domain, a zero byte and the bytes. */
export function isSignedIn(domain: string, key: Bytes, bytes: Bytes, signature: Bytes) {
  return isSigned(key, joined(utf8(`${domain}\0`), bytes), signature);
}
