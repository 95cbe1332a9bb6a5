// Checks that a check-in is the one that the chain holds a commitment of: docs/ledger.md.
import {
  time,
  wellbeings,
  type CheckIn,
  type EntryProof,
  type TransactionProof,
} from "../api/types";
import { fromBase64, joined, Reader, same, toUuid, utf8, type Bytes } from "./bytes";
import { checkTransaction, expectFinal, readHeader, type TrustedChain } from "./chain";
import { checked, type Check, type Checked } from "./findings";
import { sha256 } from "./merkle";
import { isOnTheWay } from "./state";

/** Under what name the chain's state holds its commitment. */
export function entryName(checkInId: string): string {
  return `check-in/${checkInId.replace(/-/g, "").toLowerCase()}`;
}

/** What the opening's bytes say, in the order of docs/ledger.md. */
function readOpened(bytes: Bytes): unknown[] {
  const in_ = new Reader(bytes);
  const said = [toUuid(in_.fixed(16)), in_.text(), in_.text(), wellbeings[in_.u8() - 1]];
  said.push(in_.text(), in_.text());
  const at = in_.u64();
  in_.end();
  return [...said, at];
}

/** That the opening is the commitment's, and that the site's fields are what it says; gives the commitment. */
async function expectOpening(check: Check, checkIn: CheckIn): Promise<Bytes> {
  const { checkInId, name, phone = "", wellbeing, place = "", note = "", at, opening } = checkIn;
  const [salt, bytes, given] = [opening?.salt, opening?.bytes, opening?.commitment].map((text) =>
    fromBase64(text ?? ""),
  ) as [Bytes, Bytes, Bytes];
  const commitment = await sha256(joined(salt, bytes));
  // Of a salt of any other length, another one and less bytes would open the same commitment.
  check.expect("opening", salt.length === 32 && same(commitment, given));
  const said = readOpened(bytes);
  const shown = [checkInId.toLowerCase(), name, phone, wellbeing, place, note, time(at)];
  check.expect(
    "says",
    said.every((one, i) => one === shown[i]),
  );
  return commitment;
}

/** That the check-in's own transaction is in a final block; gives its height. */
async function expectRecorded(
  check: Check,
  trusted: TrustedChain,
  commitment: Bytes,
  proof: TransactionProof | undefined,
): Promise<number> {
  const body = proof && (await checkTransaction(trusted, proof)).value?.body;
  const holds = body?.kind === "CHECK_IN" && same(body.commitment, commitment);
  if (!holds) check.expect("recorded", false);
  const { height } = await readHeader(fromBase64(proof!.block.encodedHeader));
  check.expect("recorded", true, { height });
  return height;
}

export interface Recorded {
  /** Of the block that its transaction is in; absent: the chain holds nothing of it yet. */
  height?: number;
}

/**
 * That what is shown of a check-in is what the chain has its commitment to, or that the chain holds nothing of it yet.
 * `recorded` is the proof of its transaction, which has its id; only where the entry is there. Nothing here throws.
 */
export function checkCheckIn(
  trusted: TrustedChain,
  checkIn: CheckIn,
  entry: EntryProof,
  recorded: TransactionProof | undefined,
): Promise<Checked<Recorded>> {
  return checked(async (check) => {
    const commitment = await expectOpening(check, checkIn);
    const header = await expectFinal(check, trusted, entry.block);
    const key = await sha256(utf8(entryName(checkIn.checkInId)));
    const leaf = entry.leafKey
      ? { key: fromBase64(entry.leafKey), value: fromBase64(entry.leafValue ?? "") }
      : undefined;
    const beside = (entry.beside ?? []).map(fromBase64);
    const leads = await isOnTheWay(key, leaf, beside, header.stateRoot);
    check.expect("entry", leads, { height: header.height });
    if (!leaf || !same(leaf.key, key)) return {};
    check.expect("commitment", same(leaf.value, await sha256(commitment)));
    return { height: await expectRecorded(check, trusted, commitment, recorded) };
  });
}
