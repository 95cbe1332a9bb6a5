// Checks the audit log: its checkpoint is a C2SP signed note, its records the leaves of an RFC 6962 tree.
import type { AuditRecord, Checkpoint, LogProof } from "../api/types";
import { fromBase64, joined, same, toHex, utf8, type Bytes } from "./bytes";
import { checked, type Check, type Checked } from "./findings";
import { isConsistent, isIncluded, leafHash, sha256 } from "./merkle";
import { isSigned } from "./signature";

const ed25519 = 1;

export interface LogState {
  origin: string;
  size: number;
  root: Bytes;
}

async function readVerifierKey(text: string) {
  const [, name, hash, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const tagged = fromBase64(encoded ?? "");
  if (!name || tagged.length !== 33 || tagged[0] !== ed25519) throw new RangeError("no such key");
  const keyHash = (await sha256(joined(utf8(`${name}\n`), tagged))).slice(0, 4);
  if (toHex(keyHash) !== hash) throw new RangeError("the key's hash is another's");
  return { name, keyHash, key: tagged.slice(1) };
}

async function expectNote(check: Check, checkpoint: Checkpoint): Promise<LogState> {
  const { name, keyHash, key } = await readVerifierKey(checkpoint.verifierKey);
  const blank = checkpoint.note.lastIndexOf("\n\n");
  const text = checkpoint.note.slice(0, blank + 1);
  let holds = false;
  for (const line of checkpoint.note.slice(blank + 2).split("\n")) {
    if (!line.startsWith(`— ${name} `)) continue;
    const bytes = fromBase64(line.slice(name.length + 3));
    holds ||= same(bytes.slice(0, 4), keyHash) && (await isSigned(key, utf8(text), bytes.slice(4)));
  }
  const [origin, size, root] = text.split("\n");
  check.expect("note", holds && origin === name && /^\d+$/.test(size ?? ""), {
    records: Number(size),
  });
  return { origin: name, size: Number(size), root: fromBase64(root ?? "") };
}

/** That the site has signed how large its log is and what its root is. */
export function checkCheckpoint(checkpoint: Checkpoint): Promise<Checked<LogState>> {
  return checked((check) => expectNote(check, checkpoint));
}

/** That the log goes on from the one of `older`, a checkpoint that this browser kept. */
export function checkGoesOn(
  older: Checkpoint,
  checkpoint: Checkpoint,
  proof: LogProof,
): Promise<Checked<LogState>> {
  return checked(async (check) => {
    const now = await expectNote(check, checkpoint);
    check.expect("key", older.verifierKey === checkpoint.verifierKey);
    const before = await expectNote(check, older);
    const path = (proof.path ?? []).map(fromBase64);
    check.expect(
      "consistency",
      await isConsistent(before.size, now.size, before.root, now.root, path),
      { records: before.size },
    );
    return now;
  });
}

/** That a record is in the log as the checkpoint has it. */
export function checkRecord(
  checkpoint: Checkpoint,
  record: AuditRecord,
  proof: LogProof,
): Promise<Checked<LogState>> {
  return checked(async (check) => {
    const now = await expectNote(check, checkpoint);
    const leaf = await leafHash(fromBase64(record.record));
    check.expect("record", same(leaf, fromBase64(record.leafHash)));
    const path = (proof.path ?? []).map(fromBase64);
    check.expect(
      "inclusion",
      await isIncluded(Number(record.index ?? 0), now.size, leaf, path, now.root),
      { records: now.size },
    );
    return now;
  });
}
