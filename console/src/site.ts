// The site as this page knows it: one session, one clock, one feed for each thing that is watched.
import { useEffect, useReducer } from "preact/hooks";
import { call } from "./api/call";
import { Client } from "./api/client";
import { readSite, SiteClock } from "./api/clock";
import { Feed, type Reading } from "./api/feed";
import { Problem } from "./api/problem";
import { Session } from "./api/session";
import type {
  Certificate,
  Emergencies,
  Ledger,
  Overview,
  Queues,
  Site,
  Topology,
} from "./api/types";
import { forget, keep } from "./compose/keep";

export const fetcher = fetch.bind(globalThis);

export const clock = new SiteClock();
export const session = new Session(fetcher, sessionStorage, () => clock.now());
export const client = new Client(fetcher, session);

/** Asks again and again. */
function polled<T>(path: string, restMs: number): Feed<T> {
  return new Feed<T>(async (push, signal) => push(await client.get<T>(path, signal)), restMs);
}

// A stream says something every 15 s; one that says nothing for so long is dead, whatever the socket believes.
const silenceMaxMs = 40_000;

async function watchOverview(push: (value: Overview) => void, signal: AbortSignal): Promise<void> {
  const watch = new AbortController();
  const abort = () => watch.abort();
  signal.addEventListener("abort", abort);
  let alarm = setTimeout(abort, silenceMaxMs);
  try {
    await client.stream<Overview>(
      "/v1/overview:watch",
      (overview) => {
        clearTimeout(alarm);
        alarm = setTimeout(abort, silenceMaxMs);
        push(overview);
      },
      watch.signal,
    );
  } finally {
    clearTimeout(alarm);
    signal.removeEventListener("abort", abort);
  }
}

export const feeds = {
  site: new Feed<Site>(async (push) => push(await readSite(fetcher, clock)), 60_000),
  overview: new Feed<Overview>(watchOverview, 1_000),
  queues: polled<Queues>("/v1/queues", 5_000),
  topology: polled<Topology>("/v1/topology", 10_000),
  ledger: polled<Ledger>("/v1/ledger", 5_000),
  emergencies: polled<Emergencies>("/v1/emergencies", 5_000),
  certificates: polled<{ certificates?: Certificate[] }>("/v1/certificates?pageSize=500", 300_000),
};

/** Whether the process has all that it needs to serve; a Problem says what is missing. */
export const readiness = new Feed<true>(async (push) => {
  await call(fetcher, "/readyz");
  push(true);
}, 10_000);

let signedInAs = "";
session.subscribe(() => {
  const now = session.signedIn?.user.userId ?? "";
  if (now === signedInAs) return;
  signedInAs = now;
  for (const [name, feed] of Object.entries(feeds)) if (name !== "site") feed.forget();
});

/** Ends the session, and with it this browser's device. `mayDrop` decides where a message would be lost by that. */
export async function signOut(mayDrop: () => boolean): Promise<void> {
  const { userId } = session.signedIn!.user;
  // A browser that keeps nothing is no reason to stay signed in.
  const kept = await keep.read(userId).catch(() => undefined);
  if (kept?.unsent && !mayDrop()) return;
  await session.signOut(async (token) => {
    const post = (path: string, body: unknown) => call(fetcher, path, { body, token });
    if (kept) await forget(keep, userId, post);
  });
}

/** What the feed last gave; the component is drawn again whenever that changes. `wanted` false: does not listen. */
export function useFeed<T>(feed: Feed<T>, wanted = true): Reading<T> {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => (wanted ? feed.subscribe(() => draw(undefined)) : undefined), [feed, wanted]);
  return wanted ? feed.reading : {};
}

/** The site's time in ms; drawn again each second. */
export function useNow(): number {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => draw(undefined), 1000);
    return () => clearInterval(timer);
  }, []);
  return clock.now();
}

export function useSession(): Session {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => session.subscribe(() => draw(undefined)), []);
  return session;
}

/** A call that a person asked for: what came of it, and whether it is still under way. */
export function useCall<T>() {
  const [state, set] = useReducer(
    (_: { busy: boolean; value?: T; problem?: Problem }, next: typeof _) => next,
    { busy: false },
  );
  const start = async (make: () => Promise<T>): Promise<T | undefined> => {
    set({ busy: true });
    try {
      const value = await make();
      set({ busy: false, value });
      return value;
    } catch (error) {
      set({ busy: false, problem: Problem.from(error) });
      return undefined;
    }
  };
  return { ...state, start };
}
