import { Problem } from "./problem";

/** What is known of something that changes, and since when. */
export interface Reading<T> {
  value?: T;
  /** Wall time in ms when `value` came. */
  at?: number;
  /** Why nothing newer came; absent while all is well. */
  problem?: Problem;
}

/** Gets values and gives them to `push` until `signal` aborts; it may return or throw before, and is begun again. */
export type Source<T> = (push: (value: T) => void, signal: AbortSignal) => Promise<void>;

const backoffMaxMs = 30_000;

/** One source for any number of listeners: it runs while somebody listens and the page is seen. */
export class Feed<T> {
  reading: Reading<T> = {};
  private listeners = new Set<() => void>();
  private running: AbortController | undefined;
  private failures = 0;

  /** `restMs`: between the end of one run of the source and the next. */
  constructor(
    private readonly source: Source<T>,
    private readonly restMs: number,
  ) {
    if (typeof document !== "undefined")
      document.addEventListener("visibilitychange", () => this.adjust());
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    this.adjust();
    return () => {
      this.listeners.delete(listener);
      this.adjust();
    };
  }

  /** Gets a new value now, for example after a change of our own. */
  refresh(): void {
    this.stop();
    this.adjust();
  }

  /** For the next person who signs in. */
  forget(): void {
    this.stop();
    this.reading = {};
  }

  private adjust(): void {
    const seen = typeof document === "undefined" || document.visibilityState === "visible";
    if (this.listeners.size === 0 || !seen) this.stop();
    else if (this.running === undefined) void this.run();
  }

  private stop(): void {
    this.running?.abort();
    this.running = undefined;
  }

  private async run(): Promise<void> {
    const mine = (this.running = new AbortController());
    const { signal } = mine;
    while (!signal.aborted) {
      try {
        await this.source((value) => {
          if (signal.aborted) return;
          this.failures = 0;
          this.tell({ value, at: Date.now() });
        }, signal);
      } catch (error) {
        if (signal.aborted) return;
        ++this.failures;
        this.tell({ ...this.reading, problem: Problem.from(error) });
      }
      await rest(this.pauseMs(), signal);
    }
  }

  private pauseMs(): number {
    if (this.failures === 0) return this.restMs;
    const asked = (this.reading.problem?.retryAfterS ?? 0) * 1000;
    return Math.max(asked, Math.min(backoffMaxMs, 1000 * 2 ** Math.min(this.failures, 5)));
  }

  private tell(reading: Reading<T>): void {
    this.reading = reading;
    for (const listener of this.listeners) listener();
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
