import { useEffect, useRef, useState } from "preact/hooks";
import { may } from "../api/access";
import { time, type CheckIn, type EntryProof, type Role } from "../api/types";
import type { TransactionProof } from "../api/types";
import { Destination } from "../messages/followed";
import { Ask } from "../parts/ask";
import { Findings } from "../parts/findings";
import { Panel, ProblemNote, Verdict } from "../parts/parts";
import { useTrusted } from "../parts/trusted";
import { checkCheckIn, entryName, type Recorded } from "../proof/check_in";
import type { TrustedChain } from "../proof/chain";
import type { Checked } from "../proof/findings";
import { link } from "../route";
import { client, feeds, session, useCall, useFeed } from "../site";
import { useSpeech } from "../words/words";
import { Wellbeing } from "./wellbeing";

/** One check-in, with the proof that it is what was recorded. */
export function Opened(props: { id: string; roles: Role[]; onErased: () => void }) {
  const { words, format } = useSpeech();
  const { id, roles, onErased } = props;
  const { value, problem, start } = useCall<CheckIn>();
  const [erasing, erase] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const t = words.peoplePage;
  useEffect(() => {
    box.current?.focus();
    void start(() => client.get(`/v1/check-ins/${encodeURIComponent(id)}`));
  }, [id]);
  const own = value?.recordedBy === `user:${session.signedIn?.user.userId}`;
  return (
    <div ref={box} tabIndex={-1}>
      <Panel title={value?.name ?? t.one}>
        <ProblemNote problem={problem} />
        {value && (
          <>
            <dl>
              <dt>{t.how}</dt>
              <dd>
                <Wellbeing of={value.wellbeing} />
              </dd>
              <dt>{t.place}</dt>
              <dd>{value.place || words.unknown}</dd>
              <dt>{t.note}</dt>
              <dd class="written">{value.note || words.none}</dd>
              <dt>{t.phone}</dt>
              <dd>{value.phone ? <Phone of={value.phone} /> : words.unknown}</dd>
              <dt>{t.when}</dt>
              <dd>{format.stamp(time(value.at)!)}</dd>
              <dt>{t.by}</dt>
              <dd>{own ? t.you : <Destination of={value.recordedBy ?? ""} />}</dd>
            </dl>
            <Proof checkIn={value} />
          </>
        )}
        {value && (own || may(roles, "eraseCheckIns")) && (
          <button type="button" class="plain" onClick={() => erase(true)}>
            {t.erase} …
          </button>
        )}
        <a href={link("people")}>{words.close}</a>
        {erasing && <Erase checkIn={value!} onErased={onErased} onClose={() => erase(false)} />}
      </Panel>
    </div>
  );
}

export function Phone({ of }: { of: string }) {
  return <a href={`tel:${of}`}>{of}</a>;
}

function Erase(props: { checkIn: CheckIn; onErased: () => void; onClose: () => void }) {
  const { words } = useSpeech();
  const { busy, problem, start } = useCall<object>();
  const t = words.peoplePage;
  const go = async () => {
    const path = `/v1/check-ins/${props.checkIn.checkInId}:erase`;
    if (await start(() => client.post<object>(path, {}))) props.onErased();
  };
  return (
    <Ask
      title={t.eraseTitle}
      submit={t.erase}
      busy={busy}
      problem={problem}
      onSubmit={() => void go()}
      onClose={props.onClose}
    >
      <p>
        <b>{props.checkIn.name}</b>
      </p>
      <p>{t.eraseExplain}</p>
    </Ask>
  );
}

async function prove(trusted: TrustedChain, checkIn: CheckIn): Promise<Checked<Recorded>> {
  const name = encodeURIComponent(entryName(checkIn.checkInId));
  const entry = await client.get<EntryProof>(`/v1/ledger/state:prove?name=${name}`);
  // Its transaction has the check-in's id.
  const path = `/v1/ledger/transactions/${checkIn.checkInId}:prove`;
  const recorded = entry.there ? await client.get<TransactionProof>(path) : undefined;
  return checkCheckIn(trusted, checkIn, entry, recorded);
}

/** Asked anew with each block until the chain has it. */
function Proof({ checkIn }: { checkIn: CheckIn }) {
  const { words, format } = useSpeech();
  const ledger = useFeed(feeds.ledger);
  const [trusted] = useTrusted(ledger.value);
  const [result, setResult] = useState<Checked<Recorded>>();
  const { problem, start } = useCall<void>();
  const t = words.peoplePage;
  const height = result?.value?.height;
  const tip = height === undefined ? ledger.value?.tip.header.hash : "";
  useEffect(() => {
    if (trusted && tip) void start(async () => setResult(await prove(trusted, checkIn)));
  }, [trusted, tip, checkIn]);
  return (
    <>
      <ProblemNote problem={ledger.value ? problem : ledger.problem} />
      {result && (
        <p role="status">
          {height !== undefined ? (
            <Verdict tone="good">
              {t.onChain}{" "}
              <a href={link("ledger", String(height))}>
                {words.chainPage.block(format.number(height))}
              </a>
            </Verdict>
          ) : (
            <Verdict tone={result.value ? "warn" : "bad"}>
              {result.value ? t.notOnChain : t.notProven}
            </Verdict>
          )}
        </p>
      )}
      {!problem && <Findings of={result} />}
    </>
  );
}
