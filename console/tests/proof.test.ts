import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Checkpoint, LogProof } from "../src/api/types";
import { checkCheckpoint, checkGoesOn, checkRecord } from "../src/proof/audit";
import { fromBase64, toBase64 } from "../src/proof/bytes";
import { checkBlock, checkHistory, checkReceipt, checkTransaction } from "../src/proof/chain";
import type { Checked } from "../src/proof/findings";
import { isConsistent, isIncluded, leafHash, sha256 } from "../src/proof/merkle";
import { joined, utf8, type Bytes } from "../src/proof/bytes";

/** The first step that does not hold; "" when all do. */
function broken(result: Checked<unknown>): string {
  return result.findings.find((one) => !one.holds)?.step ?? "";
}

/** The same base64 with one bit of byte `at` (from the end where negative) flipped. */
function flipped(text: string, at: number): string {
  const bytes = fromBase64(text);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  return toBase64(bytes);
}

describe("trees", () => {
  async function rootOf(leaves: Bytes[]): Promise<Bytes> {
    if (leaves.length === 0) return sha256(new Uint8Array());
    if (leaves.length === 1) return leaves[0]!;
    const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
    const [left, right] = [await rootOf(leaves.slice(0, half)), await rootOf(leaves.slice(half))];
    return sha256(joined(new Uint8Array([1]), left, right));
  }
  /** RFC 6962, section 2.1.1, as it is defined. */
  async function pathOf(index: number, leaves: Bytes[]): Promise<Bytes[]> {
    if (leaves.length === 1) return [];
    const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
    return index < half
      ? [...(await pathOf(index, leaves.slice(0, half))), await rootOf(leaves.slice(half))]
      : [...(await pathOf(index - half, leaves.slice(half))), await rootOf(leaves.slice(0, half))];
  }
  /** RFC 6962, section 2.1.2, as it is defined. */
  async function consistency(older: number, leaves: Bytes[], whole: boolean): Promise<Bytes[]> {
    if (older === leaves.length) return whole ? [] : [await rootOf(leaves)];
    const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
    return older <= half
      ? [
          ...(await consistency(older, leaves.slice(0, half), whole)),
          await rootOf(leaves.slice(half)),
        ]
      : [
          ...(await consistency(older - half, leaves.slice(half), false)),
          await rootOf(leaves.slice(0, half)),
        ];
  }
  it("of every shape prove each leaf, and nothing else", async () => {
    for (let size = 1; size <= 9; ++size) {
      const leaves = await Promise.all(
        Array.from({ length: size }, (_, i) => leafHash(utf8(`leaf ${i}`))),
      );
      const root = await rootOf(leaves);
      for (let i = 0; i < size; ++i) {
        const path = await pathOf(i, leaves);
        expect(await isIncluded(i, size, leaves[i]!, path, root)).toBe(true);
        expect(await isIncluded(i, size, leaves[(i + 1) % size]!, path, root)).toBe(size === 1);
        expect(await isIncluded(i + 1, size, leaves[i]!, path, root)).toBe(false);
        expect(await isIncluded(i, size, leaves[i]!, [...path, root], root)).toBe(false);
      }
    }
  });
  it("of every shape prove their beginnings", async () => {
    for (let size = 1; size <= 9; ++size) {
      const leaves = await Promise.all(
        Array.from({ length: size }, (_, i) => leafHash(utf8(`leaf ${i}`))),
      );
      const root = await rootOf(leaves);
      for (let older = 1; older <= size; ++older) {
        const olderRoot = await rootOf(leaves.slice(0, older));
        const path = await consistency(older, leaves, true);
        expect(await isConsistent(older, size, olderRoot, root, path)).toBe(true);
        const other = await sha256(olderRoot);
        expect(await isConsistent(older, size, other, root, path)).toBe(false);
        expect(await isConsistent(older, size, olderRoot, other, path)).toBe(false);
      }
    }
  });
});

// Written by sdk/cpp/tests/ledger_proof_test.cc, which holds the same file to its own verifier.
const samples = JSON.parse(
  readFileSync(new URL("../../tests/vectors/ledger_proofs.json", import.meta.url), "utf8"),
);
const trusted = {
  chain: samples.chain as string,
  authorities: samples.authorities as string,
};
const sample = (name: string) => structuredClone(samples[name]);

describe("the chain", () => {
  it("is what its proofs say", async () => {
    expect(broken(await checkBlock(trusted, sample("receiptProof").anchor.block))).toBe("");
    expect(broken(await checkTransaction(trusted, sample("receiptProof").anchor))).toBe("");
    expect(broken(await checkReceipt(trusted, sample("receipt"), sample("receiptProof")))).toBe("");
    expect(broken(await checkHistory(trusted, sample("blockProof")))).toBe("");
  });
  it.each<[step: string, change: (proof: ReturnType<typeof sample>) => void]>([
    [
      "chain",
      (proof) => (proof.anchor.block.encodedHeader = flipped(proof.anchor.block.encodedHeader, 1)),
    ],
    [
      "authorities",
      (proof) =>
        (proof.anchor.block.encodedHeader = flipped(proof.anchor.block.encodedHeader, 170)),
    ],
    [
      "signatures",
      (proof) => (proof.anchor.block.encodedHeader = flipped(proof.anchor.block.encodedHeader, -1)),
    ],
    [
      "signatures",
      (proof) =>
        (proof.anchor.block.encodedCertificate = flipped(
          proof.anchor.block.encodedCertificate,
          -1,
        )),
    ],
    [
      "quorum",
      (proof) =>
        (proof.anchor.block.encodedCertificate = cut(proof.anchor.block.encodedCertificate, 2)),
    ],
    ["format", (proof) => (proof.anchor.block.encodedCertificate = "AQ==")],
    ["format", (proof) => (proof.anchor.block.encodedHeader = "nonsense")],
    ["transaction", (proof) => (proof.anchor.transaction = flipped(proof.anchor.transaction, -5))],
    ["transaction", (proof) => (proof.anchor.index = 0)],
    ["receipt", (proof) => (proof.index = 1)],
    ["receipt", (proof) => proof.path.pop()],
  ])("is not believed where it was changed: %s", async (step, change) => {
    const proof = sample("receiptProof");
    change(proof);
    const result = await checkReceipt(trusted, sample("receipt"), proof);
    expect(broken(result)).toBe(step);
    expect(result.value).toBeUndefined();
  });
  it("does not count a vote twice", async () => {
    const block = sample("receiptProof").anchor.block;
    const bytes = fromBase64(block.encodedCertificate);
    const vote = bytes.slice(2, 82);
    block.encodedCertificate = toBase64(joined(new Uint8Array([1, 3]), vote, vote, vote));
    expect(broken(await checkBlock(trusted, block))).toBe("signatures");
  });
  it("is not believed when it is another", async () => {
    const block = sample("receiptProof").anchor.block;
    const other = { ...trusted, chain: "00".repeat(32) };
    expect(broken(await checkBlock(other, block))).toBe("chain");
  });
  it("has no history that was made up", async () => {
    const proof = sample("blockProof");
    proof.older.encodedHeader = flipped(proof.older.encodedHeader, -1);
    expect(broken(await checkHistory(trusted, proof))).toBe("history");
  });
});

/** A certificate with its first `votes` votes. */
function cut(text: string, votes: number): string {
  return toBase64(joined(new Uint8Array([1, votes]), fromBase64(text).slice(2, 2 + votes * 80)));
}

// As a site answered them: tests/samples/README.md.
const audit = JSON.parse(
  readFileSync(new URL("samples/audit.json", import.meta.url), "utf8"),
) as Record<string, never>;
const older = audit.older as unknown as Checkpoint;
const checkpoint = audit.checkpoint as unknown as Checkpoint;
const recordProof = audit.recordProof as unknown as Required<LogProof>;
const consistency = audit.consistency as unknown as LogProof;

describe("the audit log", () => {
  it("is what its proofs say", async () => {
    expect(broken(await checkCheckpoint(checkpoint))).toBe("");
    expect(broken(await checkRecord(checkpoint, recordProof.record, recordProof))).toBe("");
    expect(broken(await checkGoesOn(older, checkpoint, consistency))).toBe("");
  });
  it("is not believed where it was changed", async () => {
    const [, size] = checkpoint.note.split("\n");
    const grown = { ...checkpoint, note: checkpoint.note.replace(size!, `${size}0`) };
    expect(broken(await checkCheckpoint(grown))).toBe("note");
    const record = recordProof.record;
    const changed = { ...record, record: flipped(record.record, 3) };
    expect(broken(await checkRecord(checkpoint, changed, recordProof))).toBe("record");
    const moved = { ...record, index: Number(record.index) + 1 };
    expect(broken(await checkRecord(checkpoint, moved, recordProof))).toBe("inclusion");
    const empty = { ...consistency, path: [] };
    expect(broken(await checkGoesOn(older, checkpoint, empty))).toBe("consistency");
    const otherKey = { ...older, verifierKey: older.verifierKey.replace(/.$/, "A") };
    expect(broken(await checkGoesOn(otherKey, checkpoint, consistency))).toBe("key");
  });
});
