import { useEffect, useState } from "preact/hooks";
import { count, time, type Block, type BlockProof, type Ledger } from "../api/types";
import type { ReceiptProof, TransactionProof } from "../api/types";
import type { PageProps } from "../app";
import { Findings } from "../parts/findings";
import { Id, Page, Panel, ProblemNote, Verdict } from "../parts/parts";
import { useTrusted } from "../parts/trusted";
import { fromBase64, toHex, toUuid } from "../proof/bytes";
import {
  checkBlock,
  checkHistory,
  checkReceipt,
  checkTransaction,
  readTransaction,
  type ReadTransaction,
} from "../proof/chain";
import type { Checked } from "../proof/findings";
import { chainOf, type KeptChain } from "../proof/kept";
import { link } from "../route";
import { client, feeds, useCall, useFeed, useNow } from "../site";
import { useSpeech } from "../words/words";

export default function LedgerPage({ rest }: PageProps) {
  const { words } = useSpeech();
  const ledger = useFeed(feeds.ledger);
  const [trusted, trust] = useTrusted(ledger.value);
  const height = /^\d+$/.test(rest[0] ?? "") ? Number(rest[0]) : undefined;
  return (
    <Page title={words.pages.ledger}>
      <ProblemNote problem={ledger.value ? undefined : ledger.problem} />
      {ledger.value && trusted && (
        <div class="panels">
          {height !== undefined && <BlockPanel key={height} height={height} trusted={trusted} />}
          <ChainPanel ledger={ledger.value} trusted={trusted} onTrust={trust} />
          <AuthoritiesPanel ledger={ledger.value} />
          <BlocksPanel tip={count(ledger.value.tip.header.height)} />
          <ProvePanel trusted={trusted} />
        </div>
      )}
    </Page>
  );
}

function useChecked<T>(run: () => Promise<Checked<T>>, of: readonly unknown[]) {
  const [result, set] = useState<Checked<T>>();
  useEffect(() => {
    let wanted = true;
    void run().then((done) => wanted && set(done));
    return () => {
      wanted = false;
    };
  }, of);
  return result;
}

function ChainPanel(props: {
  ledger: Ledger;
  trusted: KeptChain;
  onTrust: (chain: KeptChain) => void;
}) {
  const { words, format } = useSpeech();
  const now = useNow();
  const reading = useFeed(feeds.ledger);
  const { ledger, trusted } = props;
  const t = words.chainPage;
  const { header } = ledger.tip;
  const tip = useChecked(() => checkBlock(trusted, ledger.tip), [header.hash, trusted]);
  const other =
    ledger.chainId !== trusted.chain || ledger.authorities.encoded !== trusted.authorities;
  const isNew = Date.now() - trusted.since < 60_000;
  return (
    <Panel title={t.state} of={reading}>
      <dl>
        <dt>{t.id}</dt>
        <dd>
          <Id of={ledger.chainId} />
        </dd>
        <dt>{t.tip}</dt>
        <dd>
          <a href={link("ledger", String(count(header.height)))}>
            {format.number(count(header.height))}
          </a>{" "}
          <span class="muted">{words.overview.ago(format.span(now - time(header.time)!))}</span>
        </dd>
        <dt>{t.pending}</dt>
        <dd>{format.number(count(ledger.pendingTransactions))}</dd>
      </dl>
      {other ? (
        <div class="problem" role="alert">
          <p>{t.trustOther}</p>
          <button
            type="button"
            class="plain"
            onClick={() => props.onTrust(chainOf(ledger, Date.now()))}
          >
            {t.trustAgain}
          </button>
        </div>
      ) : (
        <p class="muted">{isNew ? t.trustNew : t.trustedSince(format.moment(trusted.since))}</p>
      )}
      <Findings of={tip} />
    </Panel>
  );
}

function AuthoritiesPanel({ ledger }: { ledger: Ledger }) {
  const { words, format } = useSpeech();
  const t = words.chainPage;
  const { authorities: list = [], stopsWithout = [], faultTolerant } = ledger.authorities;
  return (
    <Panel title={t.authorities}>
      <p>
        <Verdict tone={faultTolerant ? "good" : "warn"}>
          {faultTolerant ? t.faultTolerant : t.notFaultTolerant}
        </Verdict>
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.authorities}</th>
            <th scope="col" class="n">
              {t.weight}
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((one) => (
            <tr key={one.authorityId}>
              <td>
                <Id of={one.authorityId} />{" "}
                {stopsWithout.includes(one.authorityId) && (
                  <Verdict tone="warn">{t.stopsWithout}</Verdict>
                )}
              </td>
              <td class="n">{format.number(one.weight)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function BlocksPanel({ tip }: { tip: number }) {
  const { words, format } = useSpeech();
  const [before, setBefore] = useState(0);
  const { value, problem, start } = useCall<{ blocks?: Block[] }>();
  const [shown, setShown] = useState<Block[]>([]);
  const t = words.chainPage;
  // The newest page follows the chain; an older one stays as it is.
  const follows = before === 0 ? tip : before;
  useEffect(() => {
    void start(() => client.get(`/v1/ledger/blocks?before=${before}&pageSize=15`));
  }, [follows]);
  useEffect(() => {
    if (value) setShown(value.blocks ?? []);
  }, [value]);
  const times = shown.map((one) => time(one.header.time)!);
  const gaps = times.slice(0, 6).flatMap((at, i) => (i > 0 ? [times[i - 1]! - at] : []));
  const last = shown.at(-1);
  return (
    <Panel
      title={t.blocks}
      wide
      note={gaps.length ? `${t.interval}: ${gaps.map((gap) => format.span(gap)).join(", ")}` : ""}
    >
      <ProblemNote problem={problem} />
      <div class="scroll" tabIndex={0} role="region" aria-label={t.blocks}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.height}</th>
              <th scope="col">{t.time}</th>
              <th scope="col">{t.level}</th>
              <th scope="col" class="n">
                {t.transactions}
              </th>
              <th scope="col" class="n">
                {t.votes}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ header, votes }) => (
              <tr key={header.hash}>
                <td>
                  <a href={link("ledger", String(count(header.height)))}>
                    {format.number(count(header.height))}
                  </a>
                </td>
                <td>{format.stamp(time(header.time)!)}</td>
                <td>{words.levels[header.level ?? "NORMAL"] ?? words.levels.NORMAL}</td>
                <td class="n">{format.number(header.transactions ?? 0)}</td>
                <td class="n">{format.number(votes ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="row">
        <button
          type="button"
          class="plain"
          disabled={!last || count(last.header.height) === 0}
          onClick={() => setBefore(count(last!.header.height))}
        >
          {t.older}
        </button>
        {before !== 0 && (
          <button type="button" class="plain" onClick={() => setBefore(0)}>
            {words.newest}
          </button>
        )}
      </p>
    </Panel>
  );
}

function TransactionText({ of }: { of: ReadTransaction }) {
  const { words, format } = useSpeech();
  const { body } = of;
  const { kinds } = words.chainPage;
  switch (body.kind) {
    case "ANCHOR":
      return <>{kinds.ANCHOR(format.number(body.receipts))}</>;
    case "DECLARED":
      return (
        <>{kinds.DECLARED(words.levels[body.level], body.area || words.wholeSite, body.cause)}</>
      );
    case "ENDED":
      return <>{kinds.ENDED(body.cause)}</>;
    case "CHECK_IN":
      return <>{kinds.CHECK_IN}</>;
  }
}

function BlockPanel({ height, trusted }: { height: number; trusted: KeptChain }) {
  const { words, format } = useSpeech();
  const block = useCall<Block>();
  const t = words.chainPage;
  useEffect(() => {
    void block.start(() => client.get(`/v1/ledger/blocks/${height}`));
  }, [height]);
  return (
    <Panel title={t.block(format.number(height))} wide>
      <ProblemNote problem={block.problem} />
      {block.value && <BlockContent block={block.value} height={height} trusted={trusted} />}
      <p>
        <a href={link("ledger")}>{t.back}</a>
      </p>
    </Panel>
  );
}

function BlockContent(props: { block: Block; height: number; trusted: KeptChain }) {
  const { words, format } = useSpeech();
  const { block, height, trusted } = props;
  const t = words.chainPage;
  // The newest block is in no history yet: its own votes are all there is to check.
  const result = useChecked(async () => {
    const proof = await client
      .get<BlockProof>(`/v1/ledger/blocks/${height}:prove`)
      .catch(() => undefined);
    if (!proof || count(proof.newer.header.height) <= height) return checkBlock(trusted, block);
    return checkHistory(trusted, proof);
  }, [block, trusted]);
  const transactions = (block.transactions ?? []).map((one) => readTransaction(fromBase64(one)));
  return (
    <>
      <dl>
        <dt>{t.time}</dt>
        <dd>{format.stamp(time(block.header.time)!)}</dd>
        <dt>{t.level}</dt>
        <dd>{words.levels[block.header.level ?? "NORMAL"] ?? words.levels.NORMAL}</dd>
        <dt>{t.transactions}</dt>
        <dd>
          {transactions.length === 0 && t.empty}
          <ul class="plain">
            {transactions.map((one) => (
              <li key={one.id}>
                <TransactionText of={one} /> <code>{one.id}</code>
              </li>
            ))}
          </ul>
        </dd>
      </dl>
      <Findings of={result} />
    </>
  );
}

interface Receipt {
  receipt: string;
  signature: string;
}

/** The ids that a receipt's bytes name: field 1, the message, and field 2, the device, both of 16 bytes. */
function idsOf(receipt: string): { message: string; device: string } {
  const bytes = fromBase64(receipt);
  if (bytes[0] !== 0x0a || bytes[1] !== 16 || bytes[18] !== 0x12 || bytes[19] !== 16)
    throw new RangeError("no receipt");
  return { message: toUuid(bytes.slice(2, 18)), device: toHex(bytes.slice(20, 36)) };
}

function readReceipt(text: string): Receipt | undefined {
  try {
    const { receipt, signature } = JSON.parse(text) as Receipt;
    idsOf(receipt);
    return { receipt, signature: String(signature) };
  } catch {
    return undefined;
  }
}

function ProvePanel({ trusted }: { trusted: KeptChain }) {
  const { words } = useSpeech();
  const [text, setText] = useState("");
  const [unreadable, setUnreadable] = useState(false);
  const { busy, value, problem, start } = useCall<Checked<ReadTransaction>>();
  const t = words.chainPage;
  const prove = async (): Promise<Checked<ReadTransaction>> => {
    const receipt = readReceipt(text);
    if (!receipt) {
      const path = `/v1/ledger/transactions/${encodeURIComponent(text.trim())}:prove`;
      return checkTransaction(trusted, await client.get<TransactionProof>(path));
    }
    const { message, device } = idsOf(receipt.receipt);
    const path = `/v1/ledger/receipts/${message}/${device}:prove`;
    return checkReceipt(trusted, receipt, await client.get<ReceiptProof>(path));
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const readable = /^[0-9a-f-]{36}$/i.test(text.trim()) || readReceipt(text) !== undefined;
    setUnreadable(!readable);
    if (readable) void start(prove);
  };
  return (
    <Panel title={t.prove} wide>
      <form onSubmit={submit}>
        <label>
          {t.proveLabel}
          <textarea
            name="proof"
            rows={2}
            required
            spellcheck={false}
            aria-describedby="prove-explain"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <small id="prove-explain" class="muted">
            {t.proveExplain}
          </small>
        </label>
        <button type="submit" disabled={busy}>
          {t.proveSubmit}
        </button>
      </form>
      {unreadable && (
        <p class="problem" role="alert">
          {t.notReadable}
        </p>
      )}
      <ProblemNote problem={problem} />
      {value && (
        <>
          {value.value && (
            <p>
              <TransactionText of={value.value} /> <code>{value.value.id}</code>
            </p>
          )}
          <Findings of={value} />
        </>
      )}
    </Panel>
  );
}
