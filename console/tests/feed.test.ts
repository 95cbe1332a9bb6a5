import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Feed } from "../src/api/feed";
import { Problem } from "../src/api/problem";

describe("a feed", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("runs while somebody listens", async () => {
    let asked = 0;
    const feed = new Feed<number>(async (push) => push(++asked), 1000);
    const stop = feed.subscribe(() => {});
    const stopOther = feed.subscribe(() => {});
    await vi.advanceTimersByTimeAsync(2500);
    expect(asked).toBe(3);
    stop();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toBe(4);
    stopOther();
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked).toBe(4);
    expect(feed.reading.value).toBe(4);
  });
  it("keeps what it had when nothing new comes, says why, and asks less often", async () => {
    let fails = false;
    let asked = 0;
    const feed = new Feed<number>(async (push) => {
      ++asked;
      if (fails) throw new Problem(503, "PEER_UNREACHABLE", "");
      push(asked);
    }, 1000);
    feed.subscribe(() => {});
    await vi.advanceTimersByTimeAsync(0);
    const { at } = feed.reading;
    fails = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(feed.reading).toMatchObject({ value: 1, at, problem: { reason: "PEER_UNREACHABLE" } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBeLessThan(10);
    fails = false;
    await vi.advanceTimersByTimeAsync(31_000);
    expect(feed.reading.problem).toBeUndefined();
  });
  it("waits as long as it was asked to", async () => {
    let asked = 0;
    const feed = new Feed<number>(async () => {
      ++asked;
      throw new Problem(429, "RATE_LIMITED", "", "", 20);
    }, 1000);
    feed.subscribe(() => {});
    await vi.advanceTimersByTimeAsync(19_000);
    expect(asked).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toBe(2);
  });
  it("drops what comes after it was told to forget", async () => {
    let push: (value: string) => void = () => {};
    const feed = new Feed<string>((give) => ((push = give), new Promise(() => {})), 1000);
    feed.subscribe(() => {});
    push("of the one before");
    feed.forget();
    push("too late");
    expect(feed.reading).toEqual({});
  });
});
