// What became of a message, step by step, as the site explains it; pure.
import { time, type Explanation } from "../api/types";

export interface Delivery {
  deviceId: string;
  at: number | undefined;
}
export type Step =
  | { step: "ACCEPTED"; at: number | undefined }
  | { step: "QUEUED" | "FORWARDED"; why: string; copies: number; nextAttemptAt: number | undefined }
  | { step: "DELIVERED"; by: Delivery[] }
  | { step: "REJECTED" | "EXPIRED"; at: number | undefined; copies: number };

/** The soonest of the times that are known. */
function soonest(times: (number | undefined)[]): number | undefined {
  const known = times.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** In the order in which they come about; what copies do not share stands side by side. */
export function stepsOf({ message, copies = [] }: Explanation): Step[] {
  const steps: Step[] = [{ step: "ACCEPTED", at: time(message.acceptedAt) }];
  const of = (state: string) => copies.filter((copy) => (copy.state ?? "QUEUED") === state);

  for (const step of ["QUEUED", "FORWARDED"] as const) {
    const here = of(step);
    if (here.length === 0) continue;
    const nextAttemptAt = soonest(here.map((copy) => time(copy.nextAttemptAt)));
    steps.push({ step, why: here[0]!.why ?? "", copies: here.length, nextAttemptAt });
  }
  const by = (message.copies ?? [])
    .filter((copy) => copy.state === "DELIVERED")
    .map(({ deviceId, deliveredAt }) => ({ deviceId, at: time(deliveredAt) }));
  if (by.length > 0) steps.push({ step: "DELIVERED", by });
  const rejected = of("REJECTED").length;
  if (rejected > 0) steps.push({ step: "REJECTED", at: undefined, copies: rejected });
  const expired = of("EXPIRED").length;
  if (expired > 0) steps.push({ step: "EXPIRED", at: time(message.expiresAt), copies: expired });
  return steps;
}

/** Whether nothing more will become of it. */
export function isOver({ copies = [] }: Explanation): boolean {
  return copies.every((copy) => !["QUEUED", "FORWARDED"].includes(copy.state ?? "QUEUED"));
}
