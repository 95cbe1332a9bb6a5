import { useState } from "preact/hooks";
import { may } from "../api/access";
import { Feed } from "../api/feed";
import { time, type Message } from "../api/types";
import type { PageProps } from "../app";
import { Destination, Followed, State } from "../messages/followed";
import { Page, Panel, ProblemNote } from "../parts/parts";
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
