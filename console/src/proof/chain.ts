// Checks what the site's ledger says without trusting the site: docs/ledger.md, "Checking a proof".
import type { Block, BlockProof, ReceiptProof, TransactionProof } from "../api/types";
import { fromBase64, joined, Reader, same, toHex, toUuid, type Bytes } from "./bytes";
import { checked, type Check, type Checked } from "./findings";
import { isIncluded, leafHash, sha256 } from "./merkle";
import { isSignedIn } from "./signature";

const levels = ["NORMAL", "EMERGENCY", "CRISIS"] as const;

export interface Header {
  chain: Bytes;
  height: number;
  historyRoot: Bytes;
  time: number;
  authoritySet: Bytes;
  level: (typeof levels)[number];
  exercise: boolean;
  transactions: number;
  transactionsRoot: Bytes;
  stateRoot: Bytes;
  /** Version, height and round as they are voted for. */
  voted: Bytes;
  hash: Bytes;
}

export async function readHeader(bytes: Bytes): Promise<Header> {
  const in_ = new Reader(bytes);
  const chain = in_.fixed(32);
  const height = in_.u64();
  in_.u32(); // The round, which the vote covers.
  const voted = joined(new Uint8Array([1]), bytes.slice(33, 45));
  in_.fixed(32); // The parent, which the history covers.
  const historyRoot = in_.fixed(32);
  const time = in_.u64();
  in_.fixed(16); // Who proposed it.
  in_.u64(); // The epoch, which the authority set names.
  const authoritySet = in_.fixed(32);
  const level = levels[in_.u8()];
  const exercise = in_.u8();
  const transactions = in_.u32();
  const transactionsRoot = in_.fixed(32);
  const stateRoot = in_.fixed(32);
  in_.end();
  if (level === undefined || exercise > 1) throw new RangeError("no such level");
  const hash = await leafHash(bytes);
  return {
    ...{ chain, height, historyRoot, time, authoritySet, level, transactions, transactionsRoot },
    ...{ stateRoot, exercise: exercise === 1, voted, hash },
  };
}

export interface Authority {
  key: Bytes;
  weight: number;
}
/** By their ids, in hex. */
export type Authorities = Map<string, Authority>;

async function authorityId(key: Bytes): Promise<string> {
  return toHex((await sha256(key)).slice(0, 16));
}

export async function readAuthorities(bytes: Bytes): Promise<Authorities> {
  const in_ = new Reader(bytes);
  in_.u64(); // The epoch.
  const authorities: Authorities = new Map();
  for (let left = in_.u32(); left > 0; --left) {
    const key = in_.fixed(32);
    authorities.set(await authorityId(key), { key, weight: in_.u32() });
  }
  in_.end();
  return authorities;
}

function readVotes(bytes: Bytes): { authority: string; signature: Bytes }[] {
  const in_ = new Reader(bytes);
  const votes = [];
  for (let left = in_.u8(); left > 0; --left)
    votes.push({ authority: toHex(in_.fixed(16)), signature: in_.fixed(64) });
  in_.end();
  return votes;
}

export type Body =
  | { kind: "ANCHOR"; number: number; receipts: number; root: Bytes }
  | {
      kind: "DECLARED";
      emergency: string;
      level: (typeof levels)[number];
      expiresAt: number;
      area: string;
      cause: string;
    }
  | { kind: "ENDED"; emergency: string; cause: string }
  | { kind: "CHECK_IN"; checkIn: string; commitment: Bytes };

export interface ReadTransaction {
  chain: Bytes;
  id: string;
  at: number;
  author: string;
  body: Body;
  signed: Bytes;
  signature: Bytes;
}

function readBody(in_: Reader): Body {
  switch (in_.u8()) {
    case 1:
      return { kind: "ANCHOR", number: in_.u64(), receipts: in_.u32(), root: in_.fixed(32) };
    case 2:
      return {
        kind: "DECLARED",
        emergency: toUuid(in_.fixed(16)),
        level: levels[in_.u8()] ?? "NORMAL",
        expiresAt: in_.u64(),
        area: in_.text(),
        cause: in_.text(),
      };
    case 3:
      return { kind: "ENDED", emergency: toUuid(in_.fixed(16)), cause: in_.text() };
    case 4:
      return { kind: "CHECK_IN", checkIn: toUuid(in_.fixed(16)), commitment: in_.fixed(32) };
    default:
      throw new RangeError("no such kind of transaction");
  }
}

export function readTransaction(bytes: Bytes): ReadTransaction {
  const in_ = new Reader(bytes);
  const chain = in_.fixed(32);
  const id = toUuid(in_.fixed(16));
  const at = in_.u64();
  const author = toHex(in_.fixed(16));
  const body = readBody(in_);
  const signed = in_.head();
  const signature = in_.fixed(64);
  for (let left = in_.u8(); left > 0; --left) in_.fixed(16 + 64); // Approvals.
  in_.end();
  return { chain, id, at, author, body, signed, signature };
}

/** What this browser holds the site to. */
export interface TrustedChain {
  /** Hash of the first block, in hex. */
  chain: string;
  /** The authority set's bytes, in base64. */
  authorities: string;
}

/** That the block has its authorities' votes. Throws where it does not, as Check does. */
export async function expectFinal(
  check: Check,
  trusted: TrustedChain,
  block: Block,
): Promise<Header> {
  const header = await readHeader(fromBase64(block.encodedHeader));
  const chain = header.height === 0 ? header.hash : header.chain;
  check.expect("chain", toHex(chain) === trusted.chain);
  const encoded = fromBase64(trusted.authorities);
  check.expect("authorities", same(header.authoritySet, await sha256(encoded)));

  const authorities = await readAuthorities(encoded);
  const votes = readVotes(fromBase64(block.encodedCertificate));
  const bytes = joined(header.voted, header.hash);
  let weight = 0;
  let last = "";
  for (const { authority, signature } of votes) {
    const voter = authorities.get(authority);
    // In the order of ids, each once: a vote that is repeated counts for nothing.
    const holds =
      voter !== undefined &&
      authority > last &&
      (await isSignedIn("imece.vote.v1", voter.key, bytes, signature));
    if (!holds) check.expect("signatures", false);
    weight += voter!.weight;
    last = authority;
  }
  check.expect("signatures", true, { votes: votes.length });
  const total = [...authorities.values()].reduce((sum, one) => sum + one.weight, 0);
  check.expect("quorum", weight * 3 > total * 2, { weight, total });
  return header;
}

async function expectTransaction(
  check: Check,
  trusted: TrustedChain,
  proof: TransactionProof,
): Promise<ReadTransaction> {
  const header = await expectFinal(check, trusted, proof.block);
  const bytes = fromBase64(proof.transaction);
  const path = (proof.path ?? []).map(fromBase64);
  const leaf = await leafHash(bytes);
  check.expect(
    "transaction",
    await isIncluded(proof.index ?? 0, header.transactions, leaf, path, header.transactionsRoot),
    { height: header.height },
  );
  const transaction = readTransaction(bytes);
  const author = (await readAuthorities(fromBase64(trusted.authorities))).get(transaction.author);
  const { signed, signature } = transaction;
  check.expect(
    "author",
    author !== undefined &&
      toHex(transaction.chain) === trusted.chain &&
      (await isSignedIn("imece.transaction.v1", author.key, signed, signature)),
  );
  return transaction;
}

/** That a block is final on this chain. Nothing here throws: what does not hold is a finding. */
export function checkBlock(trusted: TrustedChain, block: Block): Promise<Checked<Header>> {
  return checked((check) => expectFinal(check, trusted, block));
}

/** That a transaction is in a final block. */
export function checkTransaction(
  trusted: TrustedChain,
  proof: TransactionProof,
): Promise<Checked<ReadTransaction>> {
  return checked((check) => expectTransaction(check, trusted, proof));
}

/** That a device's receipt is on the chain. `receipt` and `signature` as the device gave them. */
export function checkReceipt(
  trusted: TrustedChain,
  receipt: { receipt: string; signature: string },
  proof: ReceiptProof,
): Promise<Checked<ReadTransaction>> {
  return checked(async (check) => {
    const anchor = await expectTransaction(check, trusted, proof.anchor);
    const { body } = anchor;
    check.expect("anchor", body.kind === "ANCHOR");
    if (body.kind !== "ANCHOR") return anchor;
    const leaf = await leafHash(joined(fromBase64(receipt.receipt), fromBase64(receipt.signature)));
    const path = (proof.path ?? []).map(fromBase64);
    check.expect(
      "receipt",
      await isIncluded(proof.index ?? 0, body.receipts, leaf, path, body.root),
    );
    return anchor;
  });
}

/** That the older block is in the history of the newer one, which is final. */
export function checkHistory(trusted: TrustedChain, proof: BlockProof): Promise<Checked<Header>> {
  return checked(async (check) => {
    const newer = await expectFinal(check, trusted, proof.newer);
    const older = await readHeader(fromBase64(proof.older.encodedHeader));
    const path = (proof.path ?? []).map(fromBase64);
    check.expect(
      "history",
      await isIncluded(older.height, newer.height, older.hash, path, newer.historyRoot),
      { height: newer.height },
    );
    return older;
  });
}
