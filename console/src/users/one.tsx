import { useEffect, useRef, useState } from "preact/hooks";
import { time, type User } from "../api/types";
import { Ask } from "../parts/ask";
import { Panel, ProblemNote, Verdict } from "../parts/parts";
import { link } from "../route";
import { client, session, useCall } from "../site";
import { useSpeech } from "../words/words";

interface OneProps {
  id: string;
  onChanged: (user: User) => void;
  onErased: () => void;
}

/** One user, and what an operator may do about them. */
export function OneUser({ id, onChanged, onErased }: OneProps) {
  const { words } = useSpeech();
  const { value, problem, start } = useCall<User>();
  const box = useRef<HTMLDivElement>(null);
  const path = `/v1/users/${encodeURIComponent(id)}`;
  useEffect(() => {
    box.current?.focus();
    void start(() => client.get(path));
  }, [id]);
  return (
    <div ref={box} tabIndex={-1}>
      <Panel title={value?.name ?? words.usersPage.one}>
        <ProblemNote problem={problem} />
        {value && <Known {...{ path, onChanged, onErased }} first={value} />}
        <a href={link("users")}>{words.close}</a>
      </Panel>
    </div>
  );
}

export function Standing({ of }: { of: User }) {
  const { words, format } = useSpeech();
  const t = words.usersPage;
  if (!of.disabledAt) return <Verdict tone="good">{t.mayEnter}</Verdict>;
  return <Verdict tone="bad">{t.disabledSince(format.moment(time(of.disabledAt)!))}</Verdict>;
}

/** Gives the file to whoever sits at the browser. */
function save(name: string, content: unknown): void {
  const blob = new Blob([JSON.stringify(content, null, 2)], { type: "application/json" });
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

function Known(props: Omit<OneProps, "id"> & { path: string; first: User }) {
  const { words, format } = useSpeech();
  const { path, onChanged, onErased } = props;
  const [user, setUser] = useState(props.first);
  const [erasing, erase] = useState(false);
  const { busy, value: done, problem, start } = useCall<string>();
  const t = words.usersPage;
  const flip = async () => {
    const verb = user.disabledAt ? "enable" : "disable";
    const changed = await client.post<User>(`${path}:${verb}`, {});
    setUser(changed);
    onChanged(changed);
    return changed.disabledAt ? t.isDisabled : t.isEnabled;
  };
  const endSessions = async () => {
    const { ended = 0 } = await client.post<{ ended?: number }>(`${path}:endSessions`, {});
    return t.sessionsEnded(format.number(ended));
  };
  const exportAll = async () => {
    save(`imece-${user.name}.json`, await client.get(`${path}:export`));
    return t.exported;
  };
  const button = (label: string, what: () => Promise<string>) => (
    <button type="button" class="plain" disabled={busy} onClick={() => void start(what)}>
      {label}
    </button>
  );
  return (
    <>
      <dl>
        <dt>{t.roles}</dt>
        <dd>{user.roles?.map((role) => words.roles[role]).join(", ")}</dd>
        <dt>{t.since}</dt>
        <dd>{user.createdAt ? format.moment(time(user.createdAt)!) : words.unknown}</dd>
        <dt>{t.standing}</dt>
        <dd>
          <Standing of={user} />
        </dd>
      </dl>
      {user.userId === session.signedIn?.user.userId && <p class="muted">{t.yourself}</p>}
      <div class="row">
        {button(user.disabledAt ? t.enable : t.disable, flip)}
        {button(t.endSessions, endSessions)}
        {button(t.export, exportAll)}
        <button type="button" class="plain" onClick={() => erase(true)}>
          {t.erase} …
        </button>
      </div>
      <ProblemNote problem={problem} />
      <p role="status">{done}</p>
      {erasing && <Erase user={user} onErased={onErased} onClose={() => erase(false)} />}
    </>
  );
}

function Erase(props: { user: User; onErased: () => void; onClose: () => void }) {
  const { words } = useSpeech();
  const { user, onErased, onClose } = props;
  const [typed, type] = useState("");
  const { busy, problem, start } = useCall<object>();
  const t = words.usersPage;
  const go = async () => {
    if (await start(() => client.post<object>(`/v1/users/${user.userId}:erase`, {}))) onErased();
  };
  return (
    <Ask
      title={t.eraseTitle(user.name)}
      submit={t.erase}
      busy={busy || typed.trim() !== user.name}
      problem={problem}
      onSubmit={() => void go()}
      onClose={onClose}
    >
      <p>{t.eraseExplain}</p>
      <label>
        {t.eraseType(user.name)}
        <input
          name="erase-name"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={typed}
          onInput={(event) => type(event.currentTarget.value)}
        />
      </label>
    </Ask>
  );
}
