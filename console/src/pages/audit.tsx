import { useEffect, useState } from "preact/hooks";
import { client, useCall } from "../site";
import type { PageProps } from "../app";
import { count, time } from "../api/types";
import type { AuditRecord, AuditRecords, Checkpoint, LogProof } from "../api/types";
import { Findings } from "../parts/findings";
import { Id, Page, Panel, ProblemNote } from "../parts/parts";
import { checkCheckpoint, checkGoesOn, checkRecord, type LogState } from "../proof/audit";
import type { Checked } from "../proof/findings";
import { keepLog, keptLog } from "../proof/kept";
import { useSpeech } from "../words/words";

const pageSize = 25;

export default function AuditPage(_: PageProps) {
  const { words } = useSpeech();
  const [checkpoint, setCheckpoint] = useState<Checkpoint>();
  const [chosen, choose] = useState<AuditRecord>();
  return (
    <Page title={words.pages.audit}>
      <LogPanel onCheckpoint={setCheckpoint} />
      {chosen && checkpoint && <RecordPanel key={count(chosen.index)} record={chosen} />}
      {checkpoint && <RecordsPanel chosen={chosen} onChoose={choose} />}
    </Page>
  );
}

interface LogCheck {
  result: Checked<LogState>;
  checkpoint: Checkpoint;
  knownFrom?: number;
}

/** Holds the log to the last checkpoint that this browser kept, and keeps the new one if it goes on from there. */
async function checkLog(): Promise<LogCheck> {
  const checkpoint = await client.get<Checkpoint>("/v1/audit/checkpoint");
  const kept = keptLog();
  if (!kept || kept.note.split("\n")[0] !== checkpoint.note.split("\n")[0]) {
    const result = await checkCheckpoint(checkpoint);
    if (result.value) keepLog(checkpoint);
    return { result, checkpoint };
  }
  const sizes = `olderSize=${count(kept.treeSize)}&treeSize=${count(checkpoint.treeSize)}`;
  const proof = await client.get<LogProof>(`/v1/audit:proveConsistency?${sizes}`);
  const result = await checkGoesOn(kept, checkpoint, proof);
  if (result.value) keepLog(checkpoint);
  return { result, checkpoint, knownFrom: count(kept.treeSize) };
}

function LogPanel({ onCheckpoint }: { onCheckpoint: (checkpoint: Checkpoint) => void }) {
  const { words, format } = useSpeech();
  const { value, problem, start } = useCall<LogCheck>();
  const [at, setAt] = useState(Date.now());
  const t = words.auditPage;
  useEffect(() => {
    void start(checkLog).then((done) => {
      setAt(Date.now());
      if (done) onCheckpoint(done.checkpoint);
    });
  }, []);
  return (
    <Panel title={t.log} of={value && { at }} oldAfterMs={Infinity}>
      <ProblemNote problem={problem} />
      {value && (
        <>
          <dl>
            <dt>{t.records}</dt>
            <dd>{format.number(count(value.checkpoint.treeSize))}</dd>
            <dt>{t.key}</dt>
            <dd>
              <code>{value.checkpoint.verifierKey}</code>
            </dd>
          </dl>
          <p class="muted">
            {value.knownFrom === undefined
              ? t.keptNew
              : t.keptSince(format.number(value.knownFrom))}
          </p>
          <Findings of={value.result} />
        </>
      )}
    </Panel>
  );
}

function RecordsPanel(props: {
  chosen: AuditRecord | undefined;
  onChoose: (record: AuditRecord) => void;
}) {
  const { words, format } = useSpeech();
  const { value, problem, start } = useCall<AuditRecords>();
  // Unset: the end of the log.
  const [from, setFrom] = useState<number>();
  const t = words.auditPage;
  useEffect(() => {
    void start(async () => {
      if (from !== undefined) return read(from);
      const { treeSize } = await read(0, 1);
      return read(Math.max(0, count(treeSize) - pageSize));
    });
  }, [from]);
  const records = value?.records ?? [];
  const size = count(value?.treeSize);
  const first = count(records[0]?.index);
  const last = count(records.at(-1)?.index);
  return (
    <Panel
      title={t.records}
      note={
        records.length > 0
          ? t.range(format.number(first), format.number(last), format.number(size))
          : undefined
      }
    >
      <ProblemNote problem={problem} />
      {value && records.length === 0 && <p>{t.empty}</p>}
      {records.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t.records}>
          <table>
            <thead>
              <tr>
                <th scope="col" class="n">
                  #
                </th>
                <th scope="col">{t.time}</th>
                <th scope="col">{t.type}</th>
                <th scope="col">{t.subject}</th>
                <th scope="col">{t.actor}</th>
                <th scope="col">{t.prove}</th>
              </tr>
            </thead>
            <tbody>
              {[...records].reverse().map((one) => (
                <tr key={count(one.index)} class={one === props.chosen ? "chosen" : undefined}>
                  <td class="n">{format.number(count(one.index))}</td>
                  <td>{format.stamp(time(one.read.time)!)}</td>
                  <td>
                    {one.read.type} <small class="muted">{one.read.source}</small>
                  </td>
                  <td>{one.read.subject && <Id of={one.read.subject} />}</td>
                  <td>
                    <Actor of={one.read.actor ?? ""} />
                  </td>
                  <td>
                    <button
                      type="button"
                      class="plain"
                      aria-label={`${t.prove} ${count(one.index)}`}
                      onClick={() => props.onChoose(one)}
                    >
                      {t.prove}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="row">
        <button
          type="button"
          class="plain"
          disabled={first === 0}
          onClick={() => setFrom(Math.max(0, first - pageSize))}
        >
          {t.older}
        </button>
        <button
          type="button"
          class="plain"
          disabled={last + 1 >= size}
          onClick={() => setFrom(last + 1)}
        >
          {t.newer}
        </button>
      </p>
    </Panel>
  );
}

function read(from: number, size = pageSize): Promise<AuditRecords> {
  return client.get(`/v1/audit/records?fromIndex=${from}&pageSize=${size}`);
}

function Actor({ of }: { of: string }) {
  const { words } = useSpeech();
  const [kind, id] = of.split(":");
  if (!kind) return <span class="muted">{words.auditPage.nobody}</span>;
  return (
    <>
      {kind} <Id of={id ?? ""} />
    </>
  );
}

function RecordPanel({ record }: { record: AuditRecord }) {
  const { words, format } = useSpeech();
  const { value, problem, start } = useCall<Checked<LogState>>();
  const t = words.auditPage;
  const index = count(record.index);
  useEffect(() => {
    void start(async () => {
      // The record may be younger than the checkpoint at hand.
      const checkpoint = await client.get<Checkpoint>("/v1/audit/checkpoint");
      const path = `/v1/audit/records/${index}:prove?treeSize=${count(checkpoint.treeSize)}`;
      return checkRecord(checkpoint, record, await client.get<LogProof>(path));
    });
  }, [index]);
  return (
    <Panel title={t.proveOf(format.number(index))}>
      <p>
        {record.read.type} <code>{record.read.subject}</code>
      </p>
      <ProblemNote problem={problem} />
      {!problem && <Findings of={value} />}
    </Panel>
  );
}
