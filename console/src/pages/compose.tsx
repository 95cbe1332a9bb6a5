import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/problem";
import { priorities, type Priority } from "../api/types";
import type { PageProps } from "../app";
import type { Draft } from "../compose/draft";
import { Form } from "../compose/form";
import { forget, keep, type Unsent } from "../compose/keep";
import { ability, enrol, Sender, type Deps } from "../compose/sender";
import { Followed } from "../messages/followed";
import { Ask } from "../parts/ask";
import { Id, Page, Panel, ProblemNote } from "../parts/parts";
import { client, clock, feeds, fetcher, session, useCall, useFeed, useNow } from "../site";
import { useComposeWords } from "../words/compose";
import { useSpeech } from "../words/words";

const deps: Deps = { fetcher, client, keep, siteNow: () => clock.now() };

type Standing = "asking" | "able" | "insecure" | "outdated";

/** To write, this browser is a device of who is signed in: its own keys, its own id. */
export default function ComposePage(_: PageProps) {
  const { words } = useSpeech();
  const userId = session.signedIn!.user.userId;
  const [standing, setStanding] = useState<Standing>("asking");
  const [sender, setSender] = useState<Sender>();
  const [problem, setProblem] = useState<Problem>();
  const [orphan, setOrphan] = useState("");
  const t = useComposeWords();
  useEffect(() => {
    const look = async () => {
      const able = await ability();
      const kept = able === "able" ? await keep.read(userId) : undefined;
      if (kept) setSender(new Sender(deps, kept));
      setStanding(able);
    };
    look().catch((error) => setProblem(Problem.from(error)));
  }, [userId]);

  // The button that was pressed is gone; the reader goes on at the heading.
  useEffect(() => document.querySelector<HTMLElement>("#content h1")?.focus(), [sender]);

  const take = (kept: ConstructorParameters<typeof Sender>[1]) => {
    setOrphan("");
    setSender(new Sender(deps, kept));
  };
  const lose = (told: boolean) => {
    if (!told) setOrphan(sender!.kept.deviceId);
    setSender(undefined);
  };
  return (
    <Page title={words.pages.compose}>
      <ProblemNote problem={problem} />
      {(standing === "insecure" || standing === "outdated") && (
        <p class="problem" role="alert">
          {t[standing]}
        </p>
      )}
      {orphan && (
        <p class="problem" role="alert">
          {t.notTold(orphan)}
        </p>
      )}
      {sender ? (
        <Writing key={sender.kept.deviceId} sender={sender} onForgotten={lose} />
      ) : (
        standing === "able" && <Enrol userId={userId} onEnrolled={take} />
      )}
    </Page>
  );
}

function Writing({
  sender,
  onForgotten,
}: {
  sender: Sender;
  onForgotten: (told: boolean) => void;
}) {
  const [followed, follow] = useState("");
  const outcome = useRef<HTMLDivElement>(null);
  const site = useFeed(feeds.site);
  const { busy, problem, start } = useCall<string>();
  const { unsent, userId, deviceId, classes } = sender.kept;
  const failed = !busy && (unsent !== undefined || problem !== undefined);
  // What came of it is above the form: on a phone it would not be seen.
  useEffect(() => outcome.current?.focus(), [followed, problem]);

  const send = async (draft?: Draft): Promise<boolean> => {
    follow("");
    const id = await start(async () => {
      if (draft) await sender.write(draft, site.value?.exercise ?? false);
      return sender.send();
    });
    if (id) follow(id);
    return id !== undefined;
  };
  return (
    <>
      {(followed || failed) && (
        <div ref={outcome} tabIndex={-1}>
          {followed && <Followed key={followed} id={followed} />}
          {!failed ? null : unsent ? (
            <NotAcknowledged
              of={unsent}
              problem={problem}
              onAgain={() => void send()}
              onDrop={() => void start(async () => (await sender.drop(unsent.messageId), ""))}
            />
          ) : (
            <ProblemNote problem={problem} />
          )}
        </div>
      )}
      {site.value && (
        <Form
          {...{ userId, deviceId, classes, busy }}
          blocked={unsent !== undefined}
          onSend={send}
        />
      )}
      <OwnDevice sender={sender} onForgotten={onForgotten} />
    </>
  );
}

function NotAcknowledged(props: {
  of: Unsent;
  problem: Problem | undefined;
  onAgain: () => void;
  onDrop: () => void;
}) {
  const { words, format } = useSpeech();
  const now = useNow();
  const { of, problem, onAgain, onDrop } = props;
  const t = useComposeWords();
  const written = words.overview.ago(format.span(now - of.writtenAt));
  return (
    <Panel title={t.unsent}>
      <ProblemNote problem={problem} />
      <p>{t.unsentTo(of.to, words.priorities[of.priority], written)}</p>
      <p class="muted">{t.unsentSafe}</p>
      <div class="row">
        <button type="button" onClick={onAgain}>
          {t.again}
        </button>
        <button type="button" class="plain" onClick={onDrop}>
          {t.discard}
        </button>
      </div>
    </Panel>
  );
}

// Maintenance traffic is machines'.
const usual: Priority[] = priorities.filter((one) => one !== "MAINTENANCE");

function Enrol(props: {
  userId: string;
  onEnrolled: (kept: Awaited<ReturnType<typeof enrol>>) => void;
}) {
  const { words } = useSpeech();
  const [classes, setClasses] = useState(usual);
  const { busy, problem, start } = useCall<void>();
  const t = useComposeWords();
  const flip = (one: Priority, on: boolean) =>
    setClasses(priorities.filter((other) => (other === one ? on : classes.includes(other))));
  return (
    <Panel title={t.ownDevice}>
      <p>{t.whyDevice}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void start(async () => props.onEnrolled(await enrol(deps, props.userId, classes)));
        }}
      >
        <fieldset disabled={busy}>
          <legend>{t.classes}</legend>
          <div class="choices">
            {priorities.map((one) => (
              <label key={one} class="choice">
                <input
                  type="checkbox"
                  checked={classes.includes(one)}
                  onChange={(event) => flip(one, event.currentTarget.checked)}
                />
                {words.priorities[one]}
              </label>
            ))}
          </div>
        </fieldset>
        <ProblemNote problem={problem} />
        <button type="submit" disabled={busy || classes.length === 0}>
          {busy ? t.enrolling : t.enrol}
        </button>
      </form>
    </Panel>
  );
}

function OwnDevice(props: { sender: Sender; onForgotten: (told: boolean) => void }) {
  const { words } = useSpeech();
  const [asking, ask] = useState(false);
  const [busy, setBusy] = useState(false);
  const { deviceId, userId, classes, unsent } = props.sender.kept;
  const t = useComposeWords();
  const go = async () => {
    setBusy(true);
    const post = (path: string, body: unknown) => client.post(path, body);
    const told = await forget(keep, userId, post).then(
      () => true,
      () => false,
    );
    props.onForgotten(told);
  };
  return (
    <Panel title={t.ownDevice}>
      <dl>
        <dt>{t.device}</dt>
        <dd>
          <Id of={deviceId} />
        </dd>
        <dt>{t.classes}</dt>
        <dd>{classes.map((one) => words.priorities[one]).join(", ")}</dd>
      </dl>
      <p class="muted">{t.keysKept}</p>
      <button type="button" class="plain" onClick={() => ask(true)}>
        {t.forget} …
      </button>
      {asking && (
        <Ask
          title={t.forgetTitle}
          submit={t.forget}
          busy={busy}
          problem={undefined}
          onSubmit={() => void go()}
          onClose={() => ask(false)}
        >
          <p>{t.forgetExplain}</p>
          {unsent && <p class="bad">{t.forgetUnsent}</p>}
        </Ask>
      )}
    </Panel>
  );
}
