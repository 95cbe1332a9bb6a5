import { useEffect, useRef, useState } from "preact/hooks";
import type { Reading } from "../api/feed";
import { time, type Node, type NodeState, type Topology } from "../api/types";
import type { PageProps } from "../app";
import { canDraw, linkSteps, NodeMap } from "../map/node_map";
import { placeOf } from "../map/shapes";
import { Id, Page, Panel, ProblemNote, Verdict, type Tone } from "../parts/parts";
import { link } from "../route";
import { feeds, useFeed, useNow } from "../site";
import { useSpeech } from "../words/words";

type View = "map" | "list";
const kept = "imece.map";
const rowsMax = 200;
const drawable = canDraw();

function chosenView(): View {
  return localStorage.getItem(kept) === "list" || !drawable ? "list" : "map";
}

export default function MapPage({ rest }: PageProps) {
  const { words } = useSpeech();
  const topology = useFeed(feeds.topology);
  const [view, setView] = useState(chosenView);
  const chosen = rest[0] ?? "";
  const t = words.mapPage;
  const choose = (next: View) => {
    localStorage.setItem(kept, next);
    setView(next);
  };
  const pick = (id: string) => {
    location.hash = id === "" ? link("map") : link("map", id);
  };
  const node = topology.value?.nodes?.find((one) => one.nodeId === chosen);
  return (
    <Page title={words.pages.map}>
      <ProblemNote problem={topology.value ? undefined : topology.problem} />
      {drawable ? (
        <div class="row" role="group" aria-label={t.view}>
          {(["map", "list"] as const).map((one) => (
            <button
              key={one}
              type="button"
              class={one === view ? "" : "plain"}
              aria-pressed={one === view}
              onClick={() => choose(one)}
            >
              {one === "map" ? t.asMap : t.asList}
            </button>
          ))}
        </div>
      ) : (
        <p>{t.noWebGl}</p>
      )}
      <div class="mapped">
        {view === "map" ? (
          <Drawn of={topology} chosen={chosen} onPick={pick} />
        ) : (
          <List of={topology} chosen={chosen} />
        )}
        {node && <NodePanel node={node} of={topology} />}
      </div>
    </Page>
  );
}

function Drawn(props: { of: Reading<Topology>; chosen: string; onPick: (id: string) => void }) {
  const { words, format } = useSpeech();
  const { of, chosen, onPick } = props;
  const container = useRef<HTMLDivElement>(null);
  const map = useRef<NodeMap>();
  const t = words.mapPage;
  useEffect(() => {
    const made = new NodeMap(container.current!, t.label, onPick);
    map.current = made;
    return () => made.remove();
  }, [t]);
  useEffect(() => {
    if (of.value) void map.current?.show(of.value, chosen);
  }, [of.value, chosen, t]);
  useEffect(() => {
    const node = of.value?.nodes?.find((one) => one.nodeId === chosen);
    const place = node && placeOf(node);
    if (place) map.current?.goTo(place);
  }, [chosen, of.value === undefined]);
  const unplaced = (of.value?.nodes ?? []).filter((node) => !placeOf(node)).length;
  return (
    <Panel title={t.label} of={of} note={unplaced ? t.unplaced(format.number(unplaced)) : t.keys}>
      <div class="map" ref={container} />
      <Legend />
    </Panel>
  );
}

function Legend() {
  const { words, format } = useSpeech();
  const t = words.mapPage;
  return (
    <ul class="legend">
      {(["ALIVE", "SUSPECT", "DEAD", "ASLEEP"] as const).map((state) => (
        <li key={state}>
          <span class={`dot ${state.toLowerCase()}`} aria-hidden="true" /> {words.overview[state]}
        </li>
      ))}
      <li>
        <span class="dot uplink" aria-hidden="true" /> {t.uplink}
      </li>
      <li>
        {t.quality}: <span class="line good" aria-hidden="true" />{" "}
        {t.qualityOf(format.share(linkSteps.good))} <span class="line fair" aria-hidden="true" />{" "}
        {t.qualityOf(format.share(linkSteps.fair))} <span class="line weak" aria-hidden="true" />{" "}
        {t.qualityBelow(format.share(linkSteps.fair))}
      </li>
    </ul>
  );
}

const tones: Record<NodeState, Tone> = {
  ALIVE: "good",
  SUSPECT: "warn",
  DEAD: "bad",
  ASLEEP: "calm",
};

function State({ of }: { of: NodeState | undefined }) {
  const { words } = useSpeech();
  const state = of ?? "ALIVE";
  return <Verdict tone={tones[state] ?? "calm"}>{words.overview[state]}</Verdict>;
}

function List({ of, chosen }: { of: Reading<Topology>; chosen: string }) {
  const { words, format } = useSpeech();
  const now = useNow();
  const [text, setText] = useState("");
  const [state, setState] = useState("");
  const t = words.mapPage;
  const all = of.value?.nodes ?? [];
  const found = all.filter(
    (one) =>
      (state === "" || one.state === state) && one.nodeId.startsWith(text.trim().toLowerCase()),
  );
  const shown = found.slice(0, rowsMax);
  return (
    <Panel
      title={words.overview.nodeStates}
      of={of}
      note={t.shown(format.number(shown.length), format.number(all.length))}
    >
      <div class="row">
        <label>
          {t.find}
          <input
            name="find"
            spellcheck={false}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <label>
          {t.state}
          <select value={state} onChange={(event) => setState(event.currentTarget.value)}>
            <option value="" />
            {(Object.keys(tones) as NodeState[]).map((one) => (
              <option key={one} value={one}>
                {words.overview[one]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.overview.nodeStates}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.node}</th>
              <th scope="col">{t.state}</th>
              <th scope="col">{t.heard}</th>
              <th scope="col" class="n">
                {t.battery}
              </th>
              <th scope="col">{t.uplink}</th>
              <th scope="col" class="n">
                {t.island}
              </th>
              <th scope="col" class="n">
                {t.links}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((node) => (
              <tr key={node.nodeId} class={node.nodeId === chosen ? "chosen" : undefined}>
                <td>
                  <a href={link("map", node.nodeId)}>
                    <Id of={node.nodeId} />
                  </a>
                </td>
                <td>
                  <State of={node.state} />
                </td>
                <td>
                  {node.lastHeardAt &&
                    words.overview.ago(format.span(now - time(node.lastHeardAt)!))}
                </td>
                <td class="n">
                  {node.batteryPercent ? format.share(node.batteryPercent / 100) : "–"}
                </td>
                <td>{node.hasUplink ? words.yes : words.no}</td>
                <td class="n">{format.number((node.component ?? 0) + 1)}</td>
                <td class="n">{format.number(node.links ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function NodePanel({ node, of }: { node: Node; of: Reading<Topology> }) {
  const { words, format } = useSpeech();
  const now = useNow();
  const t = words.mapPage;
  const place = placeOf(node);
  // Either end may be the one that told of the link.
  const links = (of.value?.links ?? []).flatMap(({ from, to, quality = 0 }) => {
    if (from === node.nodeId) return [{ peer: to, quality }];
    return to === node.nodeId ? [{ peer: from, quality }] : [];
  });
  const component = of.value?.components?.[node.component ?? 0];
  return (
    <Panel title={`${t.node} ${node.nodeId.slice(0, 8)}…`} of={of}>
      <dl>
        <dt>{t.node}</dt>
        <dd>
          <code>{node.nodeId}</code>
        </dd>
        <dt>{t.state}</dt>
        <dd>
          <State of={node.state} />{" "}
          {node.stateSince && (
            <span class="muted">{format.span(now - time(node.stateSince)!)}</span>
          )}
        </dd>
        <dt>{t.heard}</dt>
        <dd>
          {node.lastHeardAt
            ? words.overview.ago(format.span(now - time(node.lastHeardAt)!))
            : words.unknown}
        </dd>
        <dt>{t.battery}</dt>
        <dd>{node.batteryPercent ? format.share(node.batteryPercent / 100) : words.unknown}</dd>
        <dt>{t.uplink}</dt>
        <dd>{node.hasUplink ? words.yes : words.no}</dd>
        <dt>{t.island}</dt>
        <dd>
          {component
            ? `${format.number((node.component ?? 0) + 1)} (${format.number(component.nodes ?? 0)})`
            : words.none}
        </dd>
        <dt>{words.pages.map}</dt>
        <dd>{place ? `${place[1].toFixed(4)}, ${place[0].toFixed(4)}` : t.noPlace}</dd>
      </dl>
      {links.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t.links}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.links}</th>
                <th scope="col" class="n">
                  {t.quality}
                </th>
              </tr>
            </thead>
            <tbody>
              {links.slice(0, 50).map((one) => (
                <tr key={one.peer}>
                  <td>
                    <a href={link("map", one.peer)}>
                      <Id of={one.peer} />
                    </a>
                  </td>
                  <td class="n">{format.share(one.quality)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p>
        <a href={link("map")}>{t.close}</a>
      </p>
    </Panel>
  );
}
