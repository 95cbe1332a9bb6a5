// One message, followed: for the page on messages, and for who has just written one.
import { useMemo } from "preact/hooks";
import { Feed } from "../api/feed";
import { count, time, type Explanation, type MessageState, type ReceiptProof } from "../api/types";
import { Id, Panel, ProblemNote, Verdict, type Tone } from "../parts/parts";
import { link } from "../route";
import { client, useFeed, useNow } from "../site";
import { whysInTurkish } from "../words/whys";
import { useSpeech } from "../words/words";
import { isOver, stepsOf, type Delivery, type Step } from "./steps";

const tones: Record<MessageState, Tone> = {
  QUEUED: "calm",
  FORWARDED: "calm",
  DELIVERED: "good",
  EXPIRED: "bad",
  REJECTED: "warn",
};

export function State({ of }: { of: MessageState | undefined }) {
  const { words } = useSpeech();
  const state = of ?? "QUEUED";
  return <Verdict tone={tones[state] ?? "calm"}>{words.messagesPage.states[state]}</Verdict>;
}

export function Destination({ of }: { of: string }) {
  const { words } = useSpeech();
  const [kind, id] = of.split(":");
  const names: Record<string, string> = words.messagesPage.destinations;
  return (
    <>
      {names[kind ?? ""] ?? kind} <Id of={id ?? ""} />
    </>
  );
}

/** Where one message is, copy by copy, as long as one looks. */
export function Followed({ id }: { id: string }) {
  const { words, format } = useSpeech();
  const now = useNow();
  const feed = useMemo(
    () =>
      new Feed<Explanation>(
        async (push, signal) =>
          push(await client.get(`/v1/messages/${encodeURIComponent(id)}:explain`, signal)),
        3_000,
      ),
    [id],
  );
  const reading = useFeed(feed);
  const t = words.messagesPage;
  const message = reading.value?.message;
  return (
    <Panel title={`${t.follow}: ${id}`} of={reading}>
      <ProblemNote problem={reading.problem} />
      {reading.value && <Steps of={reading.value} />}
      {message && (
        <dl>
          <dt>{t.class}</dt>
          <dd>{words.priorities[message.priority]}</dd>
          <dt>{t.to}</dt>
          <dd>
            <Destination of={message.destination} />
          </dd>
          <dt>{t.from}</dt>
          <dd>
            <Id of={message.senderDeviceId} />
          </dd>
          <dt>{t.accepted}</dt>
          <dd>
            {message.acceptedAt &&
              `${format.moment(time(message.acceptedAt)!)} (${words.overview.ago(
                format.span(now - time(message.acceptedAt)!),
              )})`}
          </dd>
          <dt>{t.expires}</dt>
          <dd>{message.expiresAt && format.moment(time(message.expiresAt)!)}</dd>
          <dt>{t.size}</dt>
          <dd>{t.bytes(format.number(message.bodyBytes ?? 0))}</dd>
        </dl>
      )}
      {(reading.value?.copies ?? []).length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t.copies}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.device}</th>
                <th scope="col">{t.state}</th>
                <th scope="col">{t.why}</th>
                <th scope="col">{t.path}</th>
                <th scope="col" class="n">
                  {t.ahead}
                </th>
                <th scope="col" class="n">
                  {t.attempts}
                </th>
                <th scope="col">{t.next}</th>
              </tr>
            </thead>
            <tbody>
              {reading.value!.copies!.map((copy) => (
                <tr key={copy.deviceId}>
                  <td>
                    <a href={link("map", copy.deviceId)}>
                      <Id of={copy.deviceId} />
                    </a>
                  </td>
                  <td>
                    <State of={copy.state} />
                  </td>
                  <td>
                    <Why of={copy.why ?? ""} />
                  </td>
                  <td>
                    {(copy.path ?? []).length === 0
                      ? (copy.state ?? "QUEUED") === "QUEUED"
                        ? t.noPath
                        : "–"
                      : copy.path!.map((node, i) => (
                          <span key={node}>
                            {i > 0 && " → "}
                            <Id of={node} />
                          </span>
                        ))}
                  </td>
                  <td class="n">{format.number(copy.ahead ?? 0)}</td>
                  <td class="n">{format.number(copy.attempts ?? 0)}</td>
                  <td>{copy.nextAttemptAt ? format.clock(time(copy.nextAttemptAt)!) : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

/** Why a copy is where it is: the site says it in English. */
function Why({ of }: { of: string }) {
  const { language } = useSpeech();
  const said = language === "tr" ? whysInTurkish[of] : undefined;
  return said === undefined ? <span lang="en">{of}</span> : <>{said}</>;
}

/** Accepted, waiting or on its way, delivered or not: read out as it changes. */
function Steps({ of }: { of: Explanation }) {
  const steps = stepsOf(of);
  return (
    <ol class="steps" aria-live="polite" aria-busy={!isOver(of)}>
      {steps.map((one) => (
        <li key={one.step}>
          <StepLine of={one} message={of.message.messageId} />
        </li>
      ))}
    </ol>
  );
}

function StepLine({ of: one, message }: { of: Step; message: string }) {
  const { words, format } = useSpeech();
  const t = words.messagesPage;
  const at = (ms: number | undefined) => ms !== undefined && <time>{format.clock(ms)}</time>;
  switch (one.step) {
    case "ACCEPTED":
      return (
        <>
          <Verdict tone="good">{t.accepted}</Verdict> {at(one.at)}
        </>
      );
    case "QUEUED":
    case "FORWARDED":
      return (
        <>
          <State of={one.step} /> {one.copies > 1 && t.copiesOf(format.number(one.copies))}
          <small>
            <Why of={one.why} />
            {one.nextAttemptAt !== undefined && `; ${t.nextAt(format.clock(one.nextAttemptAt))}`}
          </small>
        </>
      );
    case "DELIVERED":
      return (
        <>
          <State of="DELIVERED" /> {one.by.length > 1 && t.copiesOf(format.number(one.by.length))}
          {one.by.slice(0, receiptsShown).map((delivery) => (
            <Receipt key={delivery.deviceId} message={message} of={delivery} />
          ))}
        </>
      );
    default:
      return (
        <>
          <State of={one.step} /> {one.copies > 1 && t.copiesOf(format.number(one.copies))}{" "}
          {at(one.at)}
        </>
      );
  }
}

// The table below has all of them.
const receiptsShown = 3;

/** Who signed that it has the message, when, and the block in which the chain holds that. */
function Receipt({ message, of }: { message: string; of: Delivery }) {
  const { words, format } = useSpeech();
  const t = words.messagesPage;
  const feed = useMemo(() => {
    const path = `/v1/ledger/receipts/${message}/${of.deviceId}:prove`;
    return new Feed<ReceiptProof>(
      async (push, signal) => push(await client.get(path, signal)),
      60_000,
    );
  }, [message, of.deviceId]);
  const { value, problem } = useFeed(feed);
  const height = value && count(value.anchor.block.header.height);
  const notYet = problem?.reason === "RECEIPT_UNKNOWN" || problem?.reason === "NOT_FINAL";
  return (
    <small>
      {t.receipt} <Id of={of.deviceId} />{" "}
      {of.at !== undefined && <time>{format.clock(of.at)}</time>}
      {height !== undefined && (
        <>
          {", "}
          <a href={link("ledger", String(height))}>{t.inBlock(format.number(height))}</a>
        </>
      )}
      {height === undefined && notYet && `, ${t.notOnChain}`}
    </small>
  );
}
