// What this browser keeps to hold the site to its word: the first chain and the last log that it saw.
import type { Checkpoint, Ledger } from "../api/types";
import type { TrustedChain } from "./chain";

export interface KeptChain extends TrustedChain {
  since: number;
}

const chainKey = "imece.chain";
const logKey = "imece.log";

function read<T>(key: string): T | undefined {
  const text = localStorage.getItem(key);
  return text === null ? undefined : (JSON.parse(text) as T);
}

export function chainOf(ledger: Ledger, now: number): KeptChain {
  return { chain: ledger.chainId, authorities: ledger.authorities.encoded, since: now };
}

export const keptChain = () => read<KeptChain>(chainKey);
export const keepChain = (chain: KeptChain) =>
  localStorage.setItem(chainKey, JSON.stringify(chain));
export const keptLog = () => read<Checkpoint>(logKey);
export const keepLog = (log: Checkpoint) => localStorage.setItem(logKey, JSON.stringify(log));
