// The chain's state: a sparse Merkle tree, hashed as src/crypto/state_tree.h says.
import { joined, same, type Bytes } from "./bytes";
import { leafHash, nodeHash } from "./merkle";

export interface StateLeaf {
  /** The hash of the entry's name. */
  key: Bytes;
  /** The hash of what it holds. */
  value: Bytes;
}

const size = 32;
const bit = (key: Bytes, at: number) => (key[at >> 3]! >> (7 - (at & 7))) & 1;

/**
 * Whether the hashes `beside` the way of `key`, from the root down, lead from `leaf` to the root. When they do, the key
 * holds the leaf's value if the leaf is its own, and nothing if it is another's or there is none.
 */
export async function isOnTheWay(
  key: Bytes,
  leaf: StateLeaf | undefined,
  beside: Bytes[],
  root: Bytes,
): Promise<boolean> {
  const digests = [key, ...(leaf ? [leaf.key, leaf.value] : []), ...beside];
  if (beside.length > 8 * size || digests.some((one) => one.length !== size)) return false;
  let hash: Bytes = leaf ? await leafHash(joined(leaf.key, leaf.value)) : new Uint8Array(size);
  for (let at = beside.length - 1; at >= 0; --at) {
    const right = bit(key, at) === 1;
    if (leaf && bit(leaf.key, at) !== bit(key, at)) return false;
    hash = right ? await nodeHash(beside[at]!, hash) : await nodeHash(hash, beside[at]!);
  }
  return same(hash, root);
}
