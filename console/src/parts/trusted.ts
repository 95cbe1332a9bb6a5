import { useEffect, useState } from "preact/hooks";
import type { Ledger } from "../api/types";
import { chainOf, keepChain, keptChain, type KeptChain } from "../proof/kept";

/** The chain that this browser holds the site to: the first that it saw, until a person says otherwise. */
export function useTrusted(ledger: Ledger | undefined) {
  const [trusted, set] = useState(keptChain);
  const trust = (chain: KeptChain) => {
    keepChain(chain);
    set(chain);
  };
  useEffect(() => {
    if (ledger && !trusted) trust(chainOf(ledger, Date.now()));
  }, [ledger, trusted]);
  return [trusted, trust] as const;
}
