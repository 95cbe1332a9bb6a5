import { describe, expect, it } from "vitest";
import { Problem } from "../src/api/problem";
import type { Ledger, Overview, Queues, Topology } from "../src/api/types";
import { classRows, endings, islandRows, nodeCounts, troubles } from "../src/standing";

const now = Date.parse("2023-02-06T01:30:00Z");

const overview: Overview = {
  at: "2023-02-06T01:30:00Z",
  classes: [
    {
      priority: "LIFE_CRITICAL",
      judgement: "BROKEN",
      accepted: "50",
      delivered: "40",
      expired: "1",
      deliveredShare: 0.9756,
      promisedShare: 0.995,
      latencyP95S: 7.5,
      promisedP95S: 5,
      oldestWaitingAcceptedAt: "2023-02-06T01:28:00Z",
    },
    { priority: "MAINTENANCE", judgement: "NOT_JUDGED", accepted: "3" },
  ],
  islands: [
    { islandId: "aa", nodes: 40, hasUplink: true, since: "2023-02-06T01:00:00Z" },
    { islandId: "bb", nodes: 7 },
  ],
  nodesAlive: 47,
  nodesDead: 2,
  sources: [
    { service: "messaging", connected: true },
    { service: "ledger", countedTo: "2023-02-06T01:10:00Z" },
  ],
};
const queues: Queues = {
  classes: [
    {
      priority: "LIFE_CRITICAL",
      waiting: "4",
      inFlight: "2",
      oldestAcceptedAt: "2023-02-06T01:29:50Z",
      deliveredTotal: "90",
    },
  ],
};
const topology: Topology = {
  nodes: [
    { nodeId: "0b", state: "ALIVE", component: 0, batteryPercent: 12, hasUplink: true },
    { nodeId: "0a", state: "ALIVE", component: 0, batteryPercent: 80 },
    { nodeId: "0c", state: "SUSPECT", component: 1, batteryPercent: 20 },
    { nodeId: "0d", state: "DEAD", component: 2, batteryPercent: 1 },
    { nodeId: "0e", state: "ALIVE", component: 0, batteryPercent: 0 },
  ],
  components: [
    { number: 0, nodes: 3, hasUplink: true },
    { number: 1, nodes: 1 },
  ],
};
const ledger = {
  tip: { header: { time: "2023-02-06T01:29:00Z" } },
  pendingTransactions: "2",
  authorities: { faultTolerant: true, stopsWithout: ["abcd"] },
} as unknown as Ledger;

describe("classes", () => {
  it("are judged by analytics, and waiting ones counted by messaging", () => {
    const [life, safety] = classRows(overview, queues);
    expect(life).toMatchObject({ judgement: "BROKEN", share: 0.9756, p95S: 7.5, waiting: 6 });
    expect(life!.oldestAt).toBe(Date.parse("2023-02-06T01:28:00Z"));
    expect(safety).toEqual({ priority: "SAFETY_CRITICAL", judgement: "UNKNOWN" });
  });
  it("have no share and no latency while nothing ended", () => {
    const row = classRows(overview)[4]!;
    expect(row.judgement).toBe("NOT_JUDGED");
    expect("share" in row || "p95S" in row).toBe(false);
  });
  it("are not judged without analytics: unknown is not held", () => {
    const rows = classRows(undefined, queues);
    expect(rows.map((row) => row.judgement)).toEqual(Array(5).fill("UNKNOWN"));
    expect(rows[0]).toMatchObject({ delivered: 90, waiting: 6 });
    expect(rows[0]!.oldestAt).toBe(Date.parse("2023-02-06T01:29:50Z"));
  });
});

describe("islands", () => {
  it("come from analytics, with their age", () => {
    expect(islandRows(overview, topology)).toEqual([
      { id: "aa", nodes: 40, uplink: true, since: Date.parse("2023-02-06T01:00:00Z") },
      { id: "bb", nodes: 7, uplink: false },
    ]);
  });
  it("come from discovery without it, named by their least node", () => {
    expect(islandRows(undefined, topology)).toEqual([
      { id: "0a", nodes: 3, uplink: true },
      { id: "0c", nodes: 1, uplink: false },
    ]);
  });
  it("have nodes, counted by either", () => {
    expect(nodeCounts(overview, topology)).toEqual({ alive: 47, suspect: 0, dead: 2, asleep: 0 });
    expect(nodeCounts(undefined, topology)).toEqual({ alive: 3, suspect: 1, dead: 1, asleep: 0 });
    expect(nodeCounts()).toBeUndefined();
  });
});

describe("troubles", () => {
  const known = {
    ready: { problem: new Problem(503, "STORE_DOWN", "messaging") },
    feeds: {
      queues: { problem: new Problem(503, "PEER_UNREACHABLE", "") },
      overview: { problem: new Problem(404, "ROUTE_UNKNOWN", "") },
    },
    overview,
    classes: classRows(overview, queues),
    islands: islandRows(overview),
    nodes: nodeCounts(overview)!,
    ledger,
  };
  it("are all named", () => {
    expect(troubles(now, known).map((one) => one.kind)).toEqual([
      "SITE_NOT_READY",
      "FEED_DOWN",
      "CLASS_BROKEN",
      "WAITING_LONG",
      "CUT_OFF",
      "SOURCE_GONE",
      "CHAIN_STUCK",
      "NODES_DEAD",
    ]);
  });
  it("are one where nothing gets through", () => {
    const lost = { problem: new Problem(0, "SITE_UNREACHABLE", "") };
    const found = troubles(now, {
      ready: lost,
      feeds: { ledger: lost, queues: lost },
      classes: classRows(),
      islands: [],
    });
    expect(found).toEqual([{ kind: "UNREACHABLE" }]);
  });
  it("are none where all is well", () => {
    const well = { feeds: {}, classes: classRows(), islands: [] };
    expect(troubles(now, well)).toEqual([]);
  });
  it("do not count a short wait, nor an idle chain", () => {
    const calm = {
      feeds: {},
      classes: classRows(undefined, queues),
      islands: [],
      ledger: { ...ledger, pendingTransactions: "0" },
    };
    expect(troubles(now, calm)).toEqual([]);
  });
});

describe("endings", () => {
  const certificate = (name: string, hours: number) => ({
    serial: name,
    spiffeId: name,
    notAfter: new Date(Date.now() + hours * 3_600_000).toISOString(),
  });
  it("name batteries of nodes that are awake and say what they have", () => {
    expect(endings(now, { topology, emergencies: [], certificates: [] })).toEqual([
      { kind: "BATTERIES", nodes: 2, least: 12, leastNode: "0b", uplinks: 1 },
    ]);
  });
  it("name who stops the chain", () => {
    expect(endings(now, { ledger, emergencies: [], certificates: [] })).toEqual([
      { kind: "CHAIN_STOPS", authority: "abcd" },
    ]);
  });
  it("name certificates that end soon and were not renewed, and put the soonest first", () => {
    const found = endings(now, {
      emergencies: [
        { emergencyId: "1", level: "CRISIS", expiresAt: new Date(now + 7_200_000).toISOString() },
      ],
      certificates: [
        certificate("renewed", 1),
        certificate("renewed", 100),
        certificate("soon", 1),
        certificate("over", -1),
        { ...certificate("revoked", 1), revokedAt: "2023-02-06T00:00:00Z" },
      ],
    });
    expect(found.map((one) => ("name" in one ? one.name : one.kind))).toEqual([
      "soon",
      "EMERGENCY",
    ]);
  });
});
