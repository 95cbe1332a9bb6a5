// Trees of RFC 6962: leaves are hashed behind a byte of 0, inner nodes behind a byte of 1.
import { joined, same, type Bytes } from "./bytes";

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
export function leafHash(leaf: Bytes): Promise<Bytes> {
  return sha256(joined(new Uint8Array([0]), leaf));
}
export function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(joined(new Uint8Array([1]), left, right));
}

// Sizes pass 2^32, which the bit operators do not.
const half = (n: number) => Math.floor(n / 2);
const odd = (n: number) => n % 2 === 1;

/** Whether `path` leads from the leaf at `index` to the root of a tree of `size` leaves (RFC 9162, 2.1.3.2). */
export async function isIncluded(
  index: number,
  size: number,
  leaf: Bytes,
  path: Bytes[],
  root: Bytes,
): Promise<boolean> {
  if (index >= size) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const beside of path) {
    if (last === 0) return false;
    if (odd(at) || at === last) {
      hash = await nodeHash(beside, hash);
      while (!odd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      hash = await nodeHash(hash, beside);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && same(hash, root);
}

/** Whether the tree of `older` leaves is the beginning of that of `size` leaves (RFC 9162, 2.1.4.2). */
export async function isConsistent(
  older: number,
  size: number,
  olderRoot: Bytes,
  root: Bytes,
  path: Bytes[],
): Promise<boolean> {
  if (older === size) return path.length === 0 && same(olderRoot, root);
  if (older > size) return false;
  if (older === 0) return path.length === 0;
  let at = older - 1;
  let last = size - 1;
  while (odd(at)) {
    at = half(at);
    last = half(last);
  }
  // A tree of a power of two is a node of the larger one: its root begins the path.
  const [first, ...rest] = at === 0 ? [olderRoot, ...path] : path;
  if (!first) return false;
  let olderHash = first;
  let hash = first;
  for (const beside of rest) {
    if (last === 0) return false;
    if (odd(at) || at === last) {
      olderHash = await nodeHash(beside, olderHash);
      hash = await nodeHash(beside, hash);
      while (!odd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      hash = await nodeHash(hash, beside);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && same(olderHash, olderRoot) && same(hash, root);
}
