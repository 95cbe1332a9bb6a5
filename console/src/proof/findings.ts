export type Step =
  | "format"
  | "chain"
  | "authorities"
  | "signatures"
  | "quorum"
  | "transaction"
  | "author"
  | "anchor"
  | "receipt"
  | "opening"
  | "says"
  | "entry"
  | "commitment"
  | "recorded"
  | "history"
  | "note"
  | "record"
  | "inclusion"
  | "consistency"
  | "key";

/** One thing that was checked here, in this browser. */
export interface Finding {
  step: Step;
  holds: boolean;
  figures?: Record<string, number>;
}

export interface Checked<T> {
  findings: Finding[];
  /** Only when all holds. */
  value?: T;
}

/** Collects findings; the first that does not hold ends the check. */
export class Check {
  readonly findings: Finding[] = [];

  expect(step: Step, holds: boolean, figures?: Record<string, number>): void {
    this.findings.push(figures ? { step, holds, figures } : { step, holds });
    if (!holds) throw new Broken();
  }
}

class Broken extends Error {}

/** Any bytes may come in: what cannot be read is a finding too. */
export async function checked<T>(run: (check: Check) => Promise<T>): Promise<Checked<T>> {
  const check = new Check();
  try {
    return { value: await run(check), findings: check.findings };
  } catch (error) {
    if (!(error instanceof Broken)) check.findings.push({ step: "format", holds: false });
    return { findings: check.findings };
  }
}
