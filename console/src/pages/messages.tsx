import { useMemo, useState } from "preact/hooks";
import { may } from "../api/access";
import { Feed } from "../api/feed";
import { time, type Explanation, type Message, type MessageState } from "../api/types";
import type { PageProps } from "../app";
import { Id, Page, Panel, ProblemNote, Verdict, type Tone } from "../parts/parts";
import { link } from "../route";
import { client, useFeed, useNow } from "../site";
import { useSpeech } from "../words/words";

export default function MessagesPage({ roles, rest }: PageProps) {
  const { words } = useSpeech();
  const [text, setText] = useState("");
  const id = rest[0];
  const t = words.messagesPage;
  return (
    <Page title={words.pages.messages}>
      <Panel title={t.follow} note={t.sealed}>
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            location.hash = link("messages", text.trim());
          }}
        >
          <label>
            {t.id}
            <input
              name="message-id"
              required
              spellcheck={false}
              pattern="\s*[0-9a-fA-F\-]{36}\s*"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <button type="submit">{t.submit}</button>
        </form>
      </Panel>
      {id && <Followed key={id} id={id} />}
      {may(roles, "listMessages") && <Newest />}
    </Page>
  );
}

const tones: Record<MessageState, Tone> = {
  QUEUED: "calm",
  FORWARDED: "calm",
  DELIVERED: "good",
  EXPIRED: "bad",
  REJECTED: "warn",
};

function State({ of }: { of: MessageState | undefined }) {
  const { words } = useSpeech();
  const state = of ?? "QUEUED";
  return <Verdict tone={tones[state] ?? "calm"}>{words.messagesPage.states[state]}</Verdict>;
}

function Destination({ of }: { of: string }) {
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
function Followed({ id }: { id: string }) {
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
      {message && (
        <dl>
          <dt>{t.state}</dt>
          <dd>
            <State of={message.state} />
          </dd>
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
                  <td lang="en">{copy.why}</td>
                  <td>
                    {(copy.path ?? []).length === 0
                      ? t.noPath
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

const newest = new Feed<{ messages?: Message[] }>(
  async (push, signal) => push(await client.get("/v1/messages?pageSize=30", signal)),
  5_000,
);

function Newest() {
  const { words, format } = useSpeech();
  const now = useNow();
  const reading = useFeed(newest);
  const t = words.messagesPage;
  const messages = reading.value?.messages ?? [];
  return (
    <Panel title={t.newest} of={reading}>
      <ProblemNote problem={reading.problem} />
      {reading.value && messages.length === 0 && <p>{t.none}</p>}
      {messages.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t.newest}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.id}</th>
                <th scope="col">{t.class}</th>
                <th scope="col">{t.state}</th>
                <th scope="col">{t.to}</th>
                <th scope="col">{t.accepted}</th>
              </tr>
            </thead>
            <tbody>
              {messages.map((one) => (
                <tr key={one.messageId}>
                  <td>
                    <a href={link("messages", one.messageId)}>
                      <code>{one.messageId}</code>
                    </a>
                  </td>
                  <td>{words.priorities[one.priority]}</td>
                  <td>
                    <State of={one.state} />
                  </td>
                  <td>
                    <Destination of={one.destination} />
                  </td>
                  <td>
                    {one.acceptedAt && words.overview.ago(format.span(now - time(one.acceptedAt)!))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
