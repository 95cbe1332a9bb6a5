import { useEffect, useState } from "preact/hooks";
import { may } from "../api/access";
import { count, time, type Emergency, type Level, type Transaction } from "../api/types";
import type { PageProps } from "../app";
import { Ask } from "../parts/ask";
import { Page, Panel, Verdict } from "../parts/parts";
import { client, clock, feeds, useCall, useFeed, useNow } from "../site";
import { useSpeech } from "../words/words";

type Raised = Exclude<Level, "NORMAL">;

export default function EmergenciesPage({ roles }: PageProps) {
  const { words } = useSpeech();
  const mayDeclare = may(roles, "declare");
  const [following, follow] = useState("");
  return (
    <Page title={words.pages.emergencies}>
      {following && <Outcome key={following} transaction={following} />}
      <InForce mayEnd={mayDeclare} onSent={follow} />
      {mayDeclare ? <Declare onSent={follow} /> : <p>{words.declare.onlyDispatchers}</p>}
    </Page>
  );
}

function InForce({ mayEnd, onSent }: { mayEnd: boolean; onSent: (transaction: string) => void }) {
  const { words, format } = useSpeech();
  const now = useNow();
  const reading = useFeed(feeds.emergencies);
  const [ending, setEnding] = useState<Emergency>();
  const t = words.declare;
  const list = reading.value?.emergencies ?? [];
  return (
    <Panel title={t.inForce} of={reading}>
      {reading.value && list.length === 0 && <p>{t.noneInForce}</p>}
      {list.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t.inForce}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.level}</th>
                <th scope="col">{t.area}</th>
                <th scope="col">{t.declared}</th>
                <th scope="col">{t.ends}</th>
                {mayEnd && <th scope="col">{t.end}</th>}
              </tr>
            </thead>
            <tbody>
              {list.map((one) => (
                <tr key={one.emergencyId}>
                  <td>
                    <Verdict tone={one.level === "CRISIS" ? "bad" : "warn"}>
                      {words.levels[one.level]}
                    </Verdict>
                  </td>
                  <td>{one.area || words.wholeSite}</td>
                  <td>{one.declaredAt ? format.moment(time(one.declaredAt)!) : words.unknown}</td>
                  <td>
                    {format.moment(time(one.expiresAt)!)}{" "}
                    <small class="muted">
                      {words.endings.in(format.span(time(one.expiresAt)! - now))}
                    </small>
                  </td>
                  {mayEnd && (
                    <td>
                      <button type="button" class="plain" onClick={() => setEnding(one)}>
                        {t.end} …
                      </button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {ending && <End emergency={ending} onSent={onSent} onClose={() => setEnding(undefined)} />}
    </Panel>
  );
}

const hours = [1, 6, 12, 24, 72] as const;

function Declare({ onSent }: { onSent: (transaction: string) => void }) {
  const { words, format } = useSpeech();
  const [level, setLevel] = useState<Raised>("EMERGENCY");
  const [area, setArea] = useState("");
  const [cause, setCause] = useState("");
  const [forHours, setForHours] = useState<number>(6);
  const [asking, ask] = useState(false);
  const { busy, problem, start } = useCall<Emergency>();
  const t = words.declare;
  const durationS = forHours * 3600;
  const send = async () => {
    // The id makes the call safe to repeat: one that seemed lost declares nothing twice.
    const body = { emergencyId: crypto.randomUUID(), level, area: area.trim(), cause, durationS };
    const declared = await start(() => client.post<Emergency>("/v1/emergencies", body));
    if (!declared) return;
    ask(false);
    setCause("");
    onSent(declared.transactionId ?? "");
  };
  return (
    <Panel title={t.title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          ask(true);
        }}
      >
        <div class="row">
          <label>
            {t.level}
            <select
              name="level"
              value={level}
              onChange={(event) => setLevel(event.currentTarget.value as Raised)}
            >
              <option value="EMERGENCY">{words.levels.EMERGENCY}</option>
              <option value="CRISIS">{words.levels.CRISIS}</option>
            </select>
          </label>
          <label>
            {t.area}
            <input
              name="area"
              maxLength={64}
              placeholder={t.areaHint}
              value={area}
              onInput={(event) => setArea(event.currentTarget.value)}
            />
          </label>
          <label>
            {t.duration}
            <select
              name="duration"
              value={forHours}
              onChange={(event) => setForHours(Number(event.currentTarget.value))}
            >
              {hours.map((one) => (
                <option key={one} value={one}>
                  {format.span(one * 3_600_000)}
                </option>
              ))}
            </select>
          </label>
        </div>
        <label>
          {t.cause}
          <input
            name="cause"
            required
            maxLength={200}
            aria-describedby="cause-hint"
            value={cause}
            onInput={(event) => setCause(event.currentTarget.value)}
          />
          <small id="cause-hint" class="muted">
            {t.causeHint}
          </small>
        </label>
        <button type="submit">{t.submit}</button>
      </form>
      {asking && (
        <Ask
          title={t.confirmTitle}
          submit={t.confirmSubmit}
          busy={busy}
          problem={problem}
          onSubmit={() => void send()}
          onClose={() => ask(false)}
        >
          <p>
            {t.confirm(
              words.levels[level],
              area.trim() || words.wholeSite,
              format.moment(clock.now() + durationS * 1000),
            )}
          </p>
          <p class="muted">
            {t.effect[level]} {t.effectBound}
          </p>
        </Ask>
      )}
    </Panel>
  );
}

function End(props: {
  emergency: Emergency;
  onSent: (transaction: string) => void;
  onClose: () => void;
}) {
  const { words } = useSpeech();
  const { emergency, onSent, onClose } = props;
  const [cause, setCause] = useState("");
  const { busy, problem, start } = useCall<{ transactionId: string }>();
  const t = words.declare;
  const send = async () => {
    const path = `/v1/emergencies/${emergency.emergencyId}:end`;
    const ended = await start(() => client.post<{ transactionId: string }>(path, { cause }));
    if (!ended) return;
    onClose();
    onSent(ended.transactionId);
  };
  return (
    <Ask
      title={t.endTitle}
      submit={t.endSubmit}
      busy={busy}
      problem={problem}
      onSubmit={() => void send()}
      onClose={onClose}
    >
      <p>
        <b>{words.levels[emergency.level]}</b> {emergency.area || words.wholeSite}
      </p>
      <label>
        {t.cause}
        <input
          name="end-cause"
          required
          maxLength={200}
          value={cause}
          onInput={(event) => setCause(event.currentTarget.value)}
        />
      </label>
    </Ask>
  );
}

/** Follows what was sent until the chain has decided on it. */
function Outcome({ transaction }: { transaction: string }) {
  const { words, format } = useSpeech();
  const [state, setState] = useState<Transaction>();
  const decided = state?.state === "FINAL" || state?.state === "REFUSED";
  useEffect(() => {
    if (decided) {
      feeds.emergencies.refresh();
      feeds.ledger.refresh();
      return undefined;
    }
    const timer = setInterval(() => {
      client
        .get<Transaction>(`/v1/ledger/transactions/${transaction}`)
        .then(setState)
        .catch(() => undefined); // The next try tells.
    }, 500);
    return () => clearInterval(timer);
  }, [transaction, decided]);
  const t = words.declare;
  return (
    <p class="outcome" role="status">
      {state?.state === "FINAL" ? (
        <Verdict tone="good">{t.final(format.number(count(state.height)))}</Verdict>
      ) : state?.state === "REFUSED" ? (
        <Verdict tone="bad">{t.refused(state.refusedReason ?? "")}</Verdict>
      ) : (
        t.sent
      )}
    </p>
  );
}
