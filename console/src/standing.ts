// What the first screen answers, worked out of whatever the site can give: pure, so that it can be tested.
import type { Reading } from "./api/feed";
import { count, priorities, time } from "./api/types";
import type {
  Certificate,
  Emergency,
  Ledger,
  Overview,
  Priority,
  Queues,
  Topology,
} from "./api/types";

export interface ClassRow {
  priority: Priority;
  /** UNKNOWN: nobody counts here. */
  judgement: "HELD" | "BROKEN" | "NOT_JUDGED" | "UNKNOWN";
  share?: number;
  promisedShare?: number;
  p95S?: number;
  promisedP95S?: number;
  accepted?: number;
  delivered?: number;
  expired?: number;
  unreachable?: number;
  waiting?: number;
  oldestAt?: number;
}

/** Fields of `from` without those that are undefined: an absent field stays absent. */
function present<T extends object>(from: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as T;
}

export function classRows(overview?: Overview, queues?: Queues): ClassRow[] {
  return priorities.map((priority) => {
    const standing = overview?.classes?.find((one) => one.priority === priority);
    const queue = queues?.classes?.find((one) => one.priority === priority);
    const judged = standing?.judgement;
    const ended = count(standing?.delivered) + count(standing?.rejected) + count(standing?.expired);
    return present<ClassRow>({
      priority,
      judgement: standing
        ? judged === "HELD" || judged === "BROKEN"
          ? judged
          : "NOT_JUDGED"
        : "UNKNOWN",
      share: ended > 0 ? standing?.deliveredShare : undefined,
      promisedShare: standing?.promisedShare || undefined,
      p95S: count(standing?.delivered) > 0 ? standing?.latencyP95S : undefined,
      promisedP95S: standing?.promisedP95S || undefined,
      accepted: standing ? count(standing.accepted) : undefined,
      delivered: standing ? count(standing.delivered) : queue && count(queue.deliveredTotal),
      expired: standing ? count(standing.expired) : queue && count(queue.expiredTotal),
      unreachable: standing ? count(standing.expiredUnreachable) : undefined,
      waiting: queue && count(queue.waiting) + count(queue.inFlight),
      oldestAt: time(standing ? standing.oldestWaitingAcceptedAt : queue?.oldestAcceptedAt),
    });
  });
}

export interface IslandRow {
  /** The least node id in it; from analytics with "-2" behind it where another island bears it. */
  id: string;
  nodes: number;
  uplink: boolean;
  since?: number;
}

export function islandRows(overview?: Overview, topology?: Topology): IslandRow[] {
  if (overview)
    return (overview.islands ?? []).map((one) =>
      present<IslandRow>({
        id: one.islandId,
        nodes: one.nodes ?? 0,
        uplink: one.hasUplink ?? false,
        since: time(one.since),
      }),
    );
  const least = new Map<number, string>();
  for (const node of topology?.nodes ?? []) {
    const known = least.get(node.component ?? 0);
    if (known === undefined || node.nodeId < known) least.set(node.component ?? 0, node.nodeId);
  }
  return (topology?.components ?? []).slice(0, 100).map((one) => ({
    id: least.get(one.number ?? 0) ?? "",
    nodes: one.nodes ?? 0,
    uplink: one.hasUplink ?? false,
  }));
}

export interface NodeCounts {
  alive: number;
  suspect: number;
  dead: number;
  asleep: number;
}

export function nodeCounts(overview?: Overview, topology?: Topology): NodeCounts | undefined {
  if (overview)
    return {
      alive: overview.nodesAlive ?? 0,
      suspect: overview.nodesSuspect ?? 0,
      dead: overview.nodesDead ?? 0,
      asleep: overview.nodesAsleep ?? 0,
    };
  if (!topology) return undefined;
  const of = (state: string) => (topology.nodes ?? []).filter((one) => one.state === state).length;
  return { alive: of("ALIVE"), suspect: of("SUSPECT"), dead: of("DEAD"), asleep: of("ASLEEP") };
}

/** What is failing, the gravest first. */
export type Trouble =
  | { kind: "UNREACHABLE" }
  | { kind: "SITE_NOT_READY"; detail: string }
  | { kind: "FEED_DOWN"; feed: string; reason: string }
  | { kind: "SOURCE_GONE"; service: string; countedTo?: number }
  | { kind: "CLASS_BROKEN"; priority: Priority }
  | { kind: "WAITING_LONG"; priority: Priority; oldestAt: number }
  | { kind: "CUT_OFF"; islands: number; nodes: number }
  | { kind: "CHAIN_STUCK"; pending: number; since: number }
  | { kind: "NODES_DEAD"; dead: number; suspect: number };

// A message of these classes that waits for so long deserves a look, whatever the reason.
const longWaitMs: Partial<Record<Priority, number>> = {
  LIFE_CRITICAL: 60_000,
  SAFETY_CRITICAL: 300_000,
  OPERATIONAL: 3_600_000,
};
const chainStuckMs = 30_000;

export function troubles(
  now: number,
  known: {
    ready?: Reading<true>;
    feeds: Record<string, Reading<unknown>>;
    overview?: Overview | undefined;
    classes: ClassRow[];
    islands: IslandRow[];
    nodes?: NodeCounts | undefined;
    ledger?: Ledger | undefined;
  },
): Trouble[] {
  const found: Trouble[] = [];
  const { ready, overview, classes, islands, nodes, ledger } = known;
  const problems = Object.values(known.feeds).map(({ problem }) => problem);
  // Where nothing gets through, that is the one trouble that is known.
  if ([ready?.problem, ...problems].some((problem) => problem?.status === 0))
    found.push({ kind: "UNREACHABLE" });
  else if (ready?.problem) found.push({ kind: "SITE_NOT_READY", detail: ready.problem.detail });
  for (const [feed, { problem }] of Object.entries(known.feeds))
    if (problem && problem.status !== 0 && !problem.isAbsent)
      found.push({ kind: "FEED_DOWN", feed, reason: problem.reason });
  for (const { priority, judgement } of classes)
    if (judgement === "BROKEN") found.push({ kind: "CLASS_BROKEN", priority });
  for (const { priority, oldestAt } of classes)
    if (oldestAt !== undefined && now - oldestAt > (longWaitMs[priority] ?? Infinity))
      found.push({ kind: "WAITING_LONG", priority, oldestAt });
  const cutOff = islands.filter((one) => !one.uplink);
  if (cutOff.length > 0)
    found.push({
      kind: "CUT_OFF",
      islands: cutOff.length,
      nodes: cutOff.reduce((sum, one) => sum + one.nodes, 0),
    });
  for (const one of overview?.sources ?? [])
    if (!one.connected)
      found.push(
        present<Extract<Trouble, { kind: "SOURCE_GONE" }>>({
          kind: "SOURCE_GONE",
          service: one.service,
          countedTo: time(one.countedTo),
        }),
      );
  const tipAt = time(ledger?.tip.header.time);
  const pending = count(ledger?.pendingTransactions);
  if (pending > 0 && tipAt !== undefined && now - tipAt > chainStuckMs)
    found.push({ kind: "CHAIN_STUCK", pending, since: tipAt });
  if (nodes && nodes.dead + nodes.suspect > 0)
    found.push({ kind: "NODES_DEAD", dead: nodes.dead, suspect: nodes.suspect });
  return found;
}

/** What will run out, the soonest first; without `at` nobody knows when. */
export type Ending =
  | { kind: "CHAIN_STOPS"; authority: string }
  | { kind: "NOT_FAULT_TOLERANT"; authorities: number }
  | { kind: "BATTERIES"; nodes: number; least: number; leastNode: string; uplinks: number }
  | { kind: "CERTIFICATE"; name: string; at: number }
  | { kind: "EMERGENCY"; area: string; level: Emergency["level"]; at: number };

const lowBattery = 20;
const soonMs = 48 * 3_600_000;

export function endings(
  now: number,
  known: {
    topology?: Topology | undefined;
    ledger?: Ledger | undefined;
    emergencies: Emergency[];
    certificates: Certificate[];
  },
): Ending[] {
  const found: Ending[] = [];
  for (const one of known.emergencies)
    found.push({
      kind: "EMERGENCY",
      area: one.area ?? "",
      level: one.level,
      at: Date.parse(one.expiresAt),
    });
  // Certificates are judged by the wall's clock, and a renewed one replaces the older of its name.
  const last = new Map<string, number>();
  for (const one of known.certificates)
    if (!one.revokedAt)
      last.set(one.spiffeId, Math.max(last.get(one.spiffeId) ?? 0, Date.parse(one.notAfter)));
  for (const [name, notAfter] of last) {
    const leftMs = notAfter - Date.now();
    if (leftMs > 0 && leftMs < soonMs) found.push({ kind: "CERTIFICATE", name, at: now + leftMs });
  }
  found.sort((a, b) => ("at" in a && "at" in b ? a.at - b.at : 0));

  const low = (known.topology?.nodes ?? [])
    .filter((one) => one.state === "ALIVE" || one.state === "SUSPECT")
    // Zero stands for a node that says nothing of its battery.
    .filter((one) => one.batteryPercent && one.batteryPercent <= lowBattery)
    .sort((a, b) => a.batteryPercent! - b.batteryPercent!);
  if (low[0])
    found.push({
      kind: "BATTERIES",
      nodes: low.length,
      least: low[0].batteryPercent!,
      leastNode: low[0].nodeId,
      uplinks: low.filter((one) => one.hasUplink).length,
    });
  const authorities = known.ledger?.authorities;
  if (authorities && !authorities.faultTolerant)
    found.push({ kind: "NOT_FAULT_TOLERANT", authorities: authorities.authorities?.length ?? 0 });
  else
    for (const authority of authorities?.stopsWithout ?? [])
      found.push({ kind: "CHAIN_STOPS", authority });
  return found;
}
