import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Explanation, MessageState } from "../src/api/types";
import { isOver, stepsOf } from "../src/messages/steps";
import { whysInTurkish } from "../src/words/whys";

function explained(...states: MessageState[]): Explanation {
  const copies = states.map((state, i) => ({ deviceId: `d${i}`, state }));
  return {
    message: {
      messageId: "m",
      senderDeviceId: "s",
      destination: "group:g",
      priority: "COMMUNICATION",
      state: states[0]!,
      acceptedAt: "2026-01-01T00:00:00Z",
      expiresAt: "2026-01-01T12:00:00Z",
      copies: copies.map((copy, i) =>
        copy.state === "DELIVERED" ? { ...copy, deliveredAt: `2026-01-01T00:00:0${i}Z` } : copy,
      ),
    },
    copies: copies.map((copy, i) => ({
      ...copy,
      why: `why ${i}`,
      ...(i > 0 && { nextAttemptAt: `2026-01-01T00:01:0${9 - i}Z` }),
    })),
  };
}
const at = Date.parse("2026-01-01T00:00:00Z");

describe("the steps of a message", () => {
  it("begin with its acceptance, and say why it waits", () => {
    expect(stepsOf(explained("QUEUED"))).toEqual([
      { step: "ACCEPTED", at },
      { step: "QUEUED", why: "why 0", copies: 1, nextAttemptAt: undefined },
    ]);
    expect(isOver(explained("QUEUED"))).toBe(false);
  });
  it("end with who has it, since when", () => {
    expect(stepsOf(explained("DELIVERED"))[1]).toEqual({
      step: "DELIVERED",
      by: [{ deviceId: "d0", at }],
    });
    expect(isOver(explained("DELIVERED"))).toBe(true);
  });
  it("stand side by side where copies fare differently", () => {
    const mixed = explained("DELIVERED", "FORWARDED", "FORWARDED", "EXPIRED", "REJECTED");
    expect(stepsOf(mixed)).toEqual([
      { step: "ACCEPTED", at },
      { step: "FORWARDED", why: "why 1", copies: 2, nextAttemptAt: at + 67_000 },
      { step: "DELIVERED", by: [{ deviceId: "d0", at }] },
      { step: "REJECTED", at: undefined, copies: 1 },
      { step: "EXPIRED", at: at + 12 * 3_600_000, copies: 1 },
    ]);
    expect(isOver(mixed)).toBe(false);
  });
  it("wait where the state is not said", () => {
    const answer = explained("QUEUED");
    delete answer.copies![0]!.state;
    expect(stepsOf(answer)[1]!.step).toBe("QUEUED");
  });
});

describe("reasons for waiting", () => {
  it("are in Turkish too, all that the site gives", () => {
    const sources = ["domain/delivery_engine.cc", "adapters/rpc/convert.cc"].map((file) =>
      readFileSync(new URL(`../../src/messaging/${file}`, import.meta.url), "utf8"),
    );
    const given = sources.flatMap((source) =>
      [...source.matchAll(/(?:view\.why =|set_why\()((?:"[^"]*"|[^;"])*)/g)].flatMap((one) =>
        [...one[1]!.matchAll(/"([^"]+)"/g)].map(([, text]) => text!),
      ),
    );
    expect(given.sort()).toEqual(Object.keys(whysInTurkish).sort());
  });
});
