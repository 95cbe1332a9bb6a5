import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CheckIn, EntryProof, TransactionProof } from "../src/api/types";
import { attemptOf, queryOf, type Said } from "../src/people/check_in";
import { fromBase64, joined, toBase64, utf8, type Bytes } from "../src/proof/bytes";
import { checkCheckIn } from "../src/proof/check_in";
import { leafHash, nodeHash, sha256 } from "../src/proof/merkle";
import { isOnTheWay, type StateLeaf } from "../src/proof/state";

describe("a search", () => {
  it.each([
    ["0532 123 45 67", { phone: "0532 123 45 67" }],
    [" +90 (532) 123-45-67 ", { phone: "+90 (532) 123-45-67" }],
    ["112", { phone: "112" }],
    ["ayşe yıl", { name: "ayşe yıl" }],
    ["Ayşe 2", { name: "Ayşe 2" }],
    ["عائشة ٣ 5", { name: "عائشة ٣ 5" }],
    ["-", { name: "-" }],
  ])("for %j asks by the right field", (text, query) => {
    expect(queryOf(text)).toEqual(query);
  });
});

describe("an attempt", () => {
  const said: Said = { name: "Ayşe", phone: "", wellbeing: "SAFE", place: "", note: "" };
  it("keeps its id as long as it says the same", () => {
    const first = attemptOf(said, undefined);
    expect(first.checkInId).toMatch(/^[0-9a-f-]{36}$/);
    expect(attemptOf({ ...said }, first)).toEqual(first);
  });
  it("is another check-in when it says something else", () => {
    const first = attemptOf(said, undefined);
    const second = attemptOf({ ...said, note: "iyi" }, first);
    expect(second.checkInId).not.toBe(first.checkInId);
    expect(second.note).toBe("iyi");
  });
});

describe("the state", () => {
  const zero: Bytes = new Uint8Array(32);
  const bit = (key: Bytes, at: number) => (key[at >> 3]! >> (7 - (at & 7))) & 1;
  const side = (entries: StateLeaf[], depth: number, of: number) =>
    entries.filter((one) => bit(one.key, depth) === of);
  /** As src/crypto/state_tree.h defines it. */
  async function rootOf(entries: StateLeaf[], depth = 0): Promise<Bytes> {
    if (entries.length === 0) return zero;
    if (entries.length === 1) return leafHash(joined(entries[0]!.key, entries[0]!.value));
    return nodeHash(
      await rootOf(side(entries, depth, 0), depth + 1),
      await rootOf(side(entries, depth, 1), depth + 1),
    );
  }
  async function proofOf(
    key: Bytes,
    entries: StateLeaf[],
    depth = 0,
  ): Promise<{ beside: Bytes[]; leaf: StateLeaf | undefined }> {
    if (entries.length < 2) return { beside: [], leaf: entries[0] };
    const mine = bit(key, depth);
    const below = await proofOf(key, side(entries, depth, mine), depth + 1);
    below.beside.unshift(await rootOf(side(entries, depth, 1 - mine), depth + 1));
    return below;
  }
  const entry = async (i: number): Promise<StateLeaf> => ({
    key: await sha256(utf8(`key ${i}`)),
    value: await sha256(utf8(`value ${i}`)),
  });
  it("of every size proves what is there and what is not", async () => {
    for (let size = 0; size <= 12; ++size) {
      const entries = await Promise.all(Array.from({ length: size }, (_, i) => entry(i)));
      const root = await rootOf(entries);
      for (let i = 0; i <= size; ++i) {
        const { key } = await entry(i);
        const { beside, leaf } = await proofOf(key, entries);
        expect(await isOnTheWay(key, leaf, beside, root)).toBe(true);
        expect(leaf?.key.toString() === key.toString()).toBe(i < size);
        expect(await isOnTheWay(key, leaf, beside, await sha256(root))).toBe(false);
        expect(await isOnTheWay(key, leaf, [...beside, zero], root)).toBe(false);
        if (leaf) expect(await isOnTheWay(key, undefined, beside, root)).toBe(false);
      }
    }
  });
  it("does not take a leaf from beside the way for one that lies on it", async () => {
    const entries = await Promise.all([0, 1, 2, 3, 4, 5].map(entry));
    const root = await rootOf(entries);
    const other = entries.find((one) => bit(one.key, 0) !== bit(entries[0]!.key, 0))!;
    const { beside } = await proofOf(other.key, entries);
    expect(await isOnTheWay(entries[0]!.key, other, beside, root)).toBe(false);
  });
});

// As a site answered them: tests/samples/README.md.
const text = readFileSync(new URL("samples/check_in.json", import.meta.url), "utf8");
interface Sample {
  chain: string;
  authorities: string;
  checkIn: CheckIn & Required<Pick<CheckIn, "opening">>;
  entry: EntryProof;
  recorded?: TransactionProof;
  young: CheckIn;
  youngEntry: EntryProof;
}
const read = () => JSON.parse(text) as Sample;
const check = (of: Sample) => checkCheckIn(of, of.checkIn, of.entry, of.recorded);

/** The same base64 with one bit of its byte `at` (from the end where negative) flipped. */
function flipped(of: string, at: number): string {
  const bytes = fromBase64(of);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  return toBase64(bytes);
}

describe("a check-in", () => {
  it("is on the chain, in the block that recorded it", async () => {
    const result = await check(read());
    expect(result.findings.filter((one) => !one.holds)).toEqual([]);
    expect(result.value!.height).toBeGreaterThan(0);
    expect(result.value!.height).toBeLessThan(Number(read().entry.block.header.height) + 1);
  });
  it("that no block holds yet is proven to be on none", async () => {
    const { young, youngEntry, ...trusted } = read();
    const result = await checkCheckIn(trusted, young, youngEntry, undefined);
    expect(result.value).toEqual({});
  });
  it.each<[step: string, what: string, change: (of: Sample) => void]>([
    [
      "opening",
      "another salt",
      (of) => (of.checkIn.opening.salt = flipped(of.checkIn.opening.salt, 0)),
    ],
    [
      "opening",
      "a byte moved from the bytes to the salt",
      ({ checkIn: { opening } }) => {
        const bytes = fromBase64(opening.bytes);
        opening.salt = toBase64(joined(fromBase64(opening.salt), bytes.slice(0, 1)));
        opening.bytes = toBase64(bytes.slice(1));
      },
    ],
    ["opening", "no opening", (of) => delete (of.checkIn as CheckIn).opening],
    ["says", "another name", (of) => (of.checkIn.name += "a")],
    ["says", "another phone", (of) => delete of.checkIn.phone],
    ["says", "another wellbeing", (of) => (of.checkIn.wellbeing = "MISSING")],
    ["says", "another place", (of) => (of.checkIn.place = "Hatay")],
    ["says", "another note", (of) => delete of.checkIn.note],
    ["says", "another time", (of) => (of.checkIn.at = "2026-01-01T00:00:00Z")],
    ["says", "another id", (of) => (of.checkIn.checkInId = of.young.checkInId)],
    ["chain", "another chain", (of) => (of.chain = "00".repeat(32))],
    [
      "signatures",
      "another state",
      ({ entry }) => (entry.block.encodedHeader = flipped(entry.block.encodedHeader, -1)),
    ],
    ["entry", "another way", ({ entry }) => (entry.beside![0] = flipped(entry.beside![0]!, 5))],
    ["entry", "nothing at its end", ({ entry }) => delete entry.leafKey],
    [
      "entry",
      "another commitment at its end",
      ({ entry }) => (entry.leafValue = flipped(entry.leafValue!, 0)),
    ],
    ["recorded", "no transaction", (of) => delete of.recorded],
    [
      "recorded",
      "another transaction",
      (of) => (of.recorded!.transaction = flipped(of.recorded!.transaction, -70)),
    ],
  ])("does not pass the step %s with %s", async (step, _, change) => {
    const sample = read();
    change(sample);
    const result = await check(sample);
    expect(result.findings.find((one) => !one.holds)?.step).toBe(step);
    expect(result.value).toBeUndefined();
  });
  it("that was written anew is not the one that the chain holds", async () => {
    const sample = read();
    // All fits together again, but for the chain.
    const { opening } = sample.checkIn;
    const bytes = fromBase64(opening.bytes);
    const at = bytes.length - 9;
    expect(bytes[at]).toBe("k".charCodeAt(0));
    bytes[at] = "t".charCodeAt(0);
    opening.bytes = toBase64(bytes);
    sample.checkIn.note = sample.checkIn.note!.replace(/k$/, "t");
    opening.commitment = toBase64(await sha256(joined(fromBase64(opening.salt), bytes)));
    const result = await check(sample);
    expect(result.findings.find((one) => !one.holds)?.step).toBe("commitment");
  });
});
