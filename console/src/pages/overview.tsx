import { may } from "../api/access";
import type { Reading } from "../api/feed";
import { count, time, type Role } from "../api/types";
import type { PageProps } from "../app";
import { Id, Page, Panel, Verdict, type Tone } from "../parts/parts";
import { link } from "../route";
import { feeds, readiness, useFeed, useNow } from "../site";
import {
  classRows,
  endings,
  islandRows,
  nodeCounts,
  troubles,
  type ClassRow,
  type Ending,
  type IslandRow,
  type NodeCounts,
  type Trouble,
} from "../standing";
import { useSpeech } from "../words/words";

/** All that the first screen is drawn from, of what these roles may see. */
function useKnown(roles: Role[]) {
  const overview = useFeed(feeds.overview, may(roles, "overview"));
  const queues = useFeed(feeds.queues, may(roles, "queues"));
  const topology = useFeed(feeds.topology, may(roles, "topology"));
  const ledger = useFeed(feeds.ledger);
  const emergencies = useFeed(feeds.emergencies);
  const certificates = useFeed(feeds.certificates, may(roles, "certificates"));
  const ready = useFeed(readiness);
  return { overview, queues, topology, ledger, emergencies, certificates, ready };
}

export function OverviewPage({ roles }: PageProps) {
  const { words } = useSpeech();
  const now = useNow();
  const known = useKnown(roles);
  const { overview, queues, topology, ledger, ready } = known;
  const classes = classRows(overview.value, queues.value);
  const islands = islandRows(overview.value, topology.value);
  const nodes = nodeCounts(overview.value, topology.value);
  const { ready: _, ...read } = known;
  const failing = troubles(now, {
    ready,
    feeds: read,
    overview: overview.value,
    classes,
    islands,
    nodes,
    ledger: ledger.value,
  });
  const ending = endings(now, {
    topology: topology.value,
    ledger: ledger.value,
    emergencies: known.emergencies.value?.emergencies ?? [],
    certificates: known.certificates.value?.certificates ?? [],
  });
  const counted = overview.value !== undefined;
  const seesMesh = may(roles, "topology");
  return (
    <Page title={words.pages.overview}>
      {!seesMesh && <p>{words.overview.limited}</p>}
      <div class="panels">
        {seesMesh && (
          <Promises
            rows={classes}
            of={counted ? overview : queues}
            counted={counted}
            now={now}
            overview={overview}
          />
        )}
        <Panel title={words.overview.failing} of={ready}>
          <Troubles found={failing} now={now} />
        </Panel>
        {seesMesh && (
          <Islands
            rows={islands}
            total={overview.value?.islandsTotal ?? topology.value?.components?.length ?? 0}
            of={counted ? overview : topology}
            nodes={nodes}
            now={now}
          />
        )}
        <Panel title={words.overview.endings} of={ledger} note={words.overview.notWatched}>
          <Endings found={ending} now={now} />
        </Panel>
        <LedgerPanel now={now} />
      </div>
    </Page>
  );
}

const judged: Record<ClassRow["judgement"], Tone> = {
  HELD: "good",
  BROKEN: "bad",
  NOT_JUDGED: "calm",
  UNKNOWN: "calm",
};

function Promises(props: {
  rows: ClassRow[];
  of: Reading<unknown>;
  counted: boolean;
  overview: ReturnType<typeof useKnown>["overview"];
  now: number;
}) {
  const { words, format } = useSpeech();
  const { rows, counted, overview, now } = props;
  const t = words.overview;
  const columns = counted
    ? (["delivered", "latency", "accepted"] as const)
    : (["delivered"] as const);
  const number = (value: number | undefined) => (value === undefined ? "" : format.number(value));
  const rates =
    overview.value &&
    t.rates(
      format.number(overview.value.acceptedPerS ?? 0, 1),
      format.number(overview.value.deliveredPerS ?? 0, 1),
    );
  const window = overview.value?.windowS
    ? t.window(format.span(overview.value.windowS * 1000))
    : "";
  return (
    <Panel
      title={t.promises}
      of={props.of}
      wide
      note={counted ? [window, rates].filter(Boolean).join(" · ") : t.noAnalytics}
    >
      <div class="scroll" tabIndex={0} role="region" aria-label={t.promises}>
        <table class="classes">
          <thead>
            <tr>
              <th scope="col">{t.class}</th>
              <th scope="col">{t.judgement}</th>
              <th scope="col">{t.oldest}</th>
              <th scope="col" class="n">
                {t.waiting}
              </th>
              {columns.map((column) => (
                <th key={column} scope="col" class="n">
                  {t[column]}
                </th>
              ))}
              <th scope="col" class="n">
                {t.expired}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.priority}>
                <th scope="row">{words.priorities[row.priority]}</th>
                <td>
                  <Verdict tone={judged[row.judgement]}>{t[row.judgement]}</Verdict>
                </td>
                <td>{row.oldestAt === undefined ? words.none : format.span(now - row.oldestAt)}</td>
                <td class="n">{number(row.waiting)}</td>
                {counted ? (
                  <>
                    <td class="n">
                      <Against
                        value={row.share === undefined ? "" : format.share(row.share)}
                        promised={row.promisedShare ? format.share(row.promisedShare) : ""}
                      />
                    </td>
                    <td class="n">
                      <Against
                        value={row.p95S === undefined ? "" : format.seconds(row.p95S)}
                        promised={row.promisedP95S ? format.seconds(row.promisedP95S) : ""}
                      />
                    </td>
                    <td class="n">{number(row.accepted)}</td>
                  </>
                ) : (
                  <td class="n">{number(row.delivered)}</td>
                )}
                <td class="n">{number(row.expired)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

/** A figure beside what was promised. */
function Against({ value, promised }: { value: string; promised: string }) {
  if (!value && !promised) return null;
  return (
    <>
      {value || "–"}
      {promised && <small class="muted"> / {promised}</small>}
    </>
  );
}

function Islands(props: {
  rows: IslandRow[];
  total: number;
  of: Reading<unknown>;
  nodes: NodeCounts | undefined;
  now: number;
}) {
  const { words, format } = useSpeech();
  const { rows, nodes, now } = props;
  const t = words.overview;
  const shown = rows.slice(0, 8);
  return (
    <Panel title={t.islands} of={props.of}>
      {nodes && (
        <p class="counts">
          <Count of={nodes.alive} word={t.ALIVE} />
          <Count of={nodes.suspect} word={t.SUSPECT} tone="warn" />
          <Count of={nodes.dead} word={t.DEAD} tone="bad" />
          <Count of={nodes.asleep} word={t.ASLEEP} />
        </p>
      )}
      {rows.length === 0 && props.of.at !== undefined && <p>{t.noNodes}</p>}
      {rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{t.island}</th>
              <th scope="col" class="n">
                {t.nodes}
              </th>
              <th scope="col">{t.uplink}</th>
              <th scope="col">{t.since}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={row.id}>
                <td>
                  <a href={link("map", row.id.split("-")[0]!)}>
                    <Id of={row.id} />
                  </a>
                </td>
                <td class="n">{format.number(row.nodes)}</td>
                <td>{row.uplink ? words.yes : <Verdict tone="warn">{t.cutOff}</Verdict>}</td>
                <td>{row.since === undefined ? "–" : format.span(now - row.since)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rows.length === 1 && <p class="muted">{t.oneIsland}</p>}
      {props.total > shown.length && (
        <p class="muted">{t.moreIslands(format.number(props.total - shown.length))}</p>
      )}
    </Panel>
  );
}

function Count({ of, word, tone }: { of: number; word: string; tone?: Tone }) {
  const { format } = useSpeech();
  return (
    <span class={of > 0 && tone ? tone : undefined}>
      <b>{format.number(of)}</b> {word}
    </span>
  );
}

function Troubles({ found, now }: { found: Trouble[]; now: number }) {
  const { words, format } = useSpeech();
  const t = words.troubles;
  const say = (one: Trouble): [Tone, string] => {
    switch (one.kind) {
      case "UNREACHABLE":
        return ["bad", words.problem.reasons.SITE_UNREACHABLE!];
      case "SITE_NOT_READY":
        return ["bad", t.SITE_NOT_READY(one.detail)];
      case "FEED_DOWN":
        return ["bad", t.FEED_DOWN(words.feeds[one.feed as keyof typeof words.feeds], one.reason)];
      case "CLASS_BROKEN":
        return ["bad", t.CLASS_BROKEN(words.priorities[one.priority])];
      case "WAITING_LONG":
        return [
          "bad",
          t.WAITING_LONG(words.priorities[one.priority], format.span(now - one.oldestAt)),
        ];
      case "CUT_OFF":
        return ["warn", t.CUT_OFF(format.number(one.islands), format.number(one.nodes))];
      case "SOURCE_GONE": {
        const to =
          one.countedTo === undefined ? "" : `; ${t.sourceTo(format.moment(one.countedTo))}`;
        return ["warn", t.SOURCE_GONE(one.service) + to];
      }
      case "CHAIN_STUCK":
        return ["warn", t.CHAIN_STUCK(format.number(one.pending), format.span(now - one.since))];
      case "NODES_DEAD":
        return ["warn", t.NODES_DEAD(format.number(one.dead), format.number(one.suspect))];
    }
  };
  if (found.length === 0) return <Verdict tone="good">{words.overview.nothingFails}</Verdict>;
  // By their words: a service whose two feeds fail alike is one trouble.
  const said = new Map(found.map(say).map(([tone, text]) => [text, tone]));
  return (
    <ul class="plain">
      {[...said].map(([text, tone]) => (
        <li key={text}>
          <Verdict tone={tone}>{text}</Verdict>
        </li>
      ))}
    </ul>
  );
}

function Endings({ found, now }: { found: Ending[]; now: number }) {
  const { words, format } = useSpeech();
  const t = words.endings;
  const say = (one: Ending): [Tone, string] => {
    switch (one.kind) {
      case "EMERGENCY":
        return ["calm", t.EMERGENCY(words.levels[one.level], one.area || words.wholeSite)];
      case "CERTIFICATE":
        return ["warn", t.CERTIFICATE(one.name)];
      case "BATTERIES":
        return [
          "warn",
          t.BATTERIES(
            format.number(one.nodes),
            format.share(one.least / 100),
            one.leastNode.slice(0, 8),
            format.number(one.uplinks),
          ),
        ];
      case "NOT_FAULT_TOLERANT":
        return ["calm", t.NOT_FAULT_TOLERANT(format.number(one.authorities))];
      case "CHAIN_STOPS":
        return ["warn", t.CHAIN_STOPS(one.authority.slice(0, 8))];
    }
  };
  if (found.length === 0) return <p>{words.overview.nothingEnds}</p>;
  return (
    <ul class="plain">
      {found.map((one) => {
        const [tone, text] = say(one);
        return (
          <li key={text}>
            <Verdict tone={tone}>{text}</Verdict>
            {"at" in one && <b> {one.at > now ? t.in(format.span(one.at - now)) : t.over}</b>}
          </li>
        );
      })}
    </ul>
  );
}

function LedgerPanel({ now }: { now: number }) {
  const { words, format } = useSpeech();
  const ledger = useFeed(feeds.ledger);
  const emergencies = useFeed(feeds.emergencies);
  const t = words.overview;
  const header = ledger.value?.tip.header;
  const tipAt = time(header?.time);
  return (
    <Panel title={t.ledger} of={ledger}>
      {header && tipAt !== undefined && (
        <dl>
          <dt>{t.lastFinal}</dt>
          <dd>
            <a href={link("ledger", String(count(header.height)))}>
              {format.number(count(header.height))}
            </a>{" "}
            <span class="muted">{t.ago(format.span(now - tipAt))}</span>
          </dd>
          <dt>{t.pending}</dt>
          <dd>{format.number(count(ledger.value?.pendingTransactions))}</dd>
          <dt>{t.level}</dt>
          <dd>{words.levels[emergencies.value?.level ?? "NORMAL"] ?? words.levels.NORMAL}</dd>
        </dl>
      )}
    </Panel>
  );
}
