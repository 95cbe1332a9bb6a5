import { useEffect, useRef, useState } from "preact/hooks";
import { roles, time, type Role, type User } from "../api/types";
import type { PageProps } from "../app";
import { Page, Panel, ProblemNote } from "../parts/parts";
import { link } from "../route";
import { client, useCall } from "../site";
import { OneUser, Standing } from "../users/one";
import { useSpeech } from "../words/words";

export default function UsersPage({ rest }: PageProps) {
  const { words } = useSpeech();
  const { users, put, drop, more, busy, problem } = useUsers();
  const [said, say] = useState("");
  const outcome = useRef<HTMLParagraphElement>(null);
  const id = rest[0];
  const t = words.usersPage;
  useEffect(() => outcome.current?.focus(), [said]);
  useEffect(() => {
    if (id) say("");
  }, [id]);
  const made = (user: User) => {
    put(user);
    say(t.made(user.name));
  };
  const erased = () => {
    drop(id!);
    say(t.erased);
    location.hash = link("users");
  };
  return (
    <Page title={words.pages.users}>
      {said && (
        <p ref={outcome} tabIndex={-1} role="status">
          {said}
        </p>
      )}
      {id && <OneUser key={id} id={id} onChanged={put} onErased={erased} />}
      <div class="panels">
        <Panel title={t.list}>
          <ProblemNote problem={problem} />
          <Table users={users} chosen={id} />
          {more && (
            <button type="button" class="plain" disabled={busy} onClick={more}>
              {words.more}
            </button>
          )}
        </Panel>
        <Make onMade={made} />
      </div>
    </Page>
  );
}

const pageSize = 200;

/** The pages of the list that were fetched, as one list by name. */
function useUsers() {
  const [known, setKnown] = useState<ReadonlyMap<string, User>>(new Map());
  const [next, setNext] = useState("");
  const { busy, problem, start } = useCall<void>();
  const load = async (token: string) => {
    const path = `/v1/users?pageSize=${pageSize}&pageToken=${encodeURIComponent(token)}`;
    const page = await client.get<{ users?: User[]; nextPageToken?: string }>(path);
    setKnown(
      (old) => new Map([...old, ...(page.users ?? []).map((one) => [one.userId, one] as const)]),
    );
    setNext(page.nextPageToken ?? "");
  };
  useEffect(() => void start(() => load("")), []);
  return {
    users: [...known.values()].sort((a, b) => a.name.localeCompare(b.name)),
    put: (user: User) => setKnown((old) => new Map([...old, [user.userId, user]])),
    drop: (id: string) => setKnown((old) => new Map([...old].filter(([one]) => one !== id))),
    more: next ? () => void start(() => load(next)) : undefined,
    busy,
    problem,
  };
}

function Table({ users, chosen }: { users: User[]; chosen: string | undefined }) {
  const { words, format } = useSpeech();
  const t = words.usersPage;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t.list}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.name}</th>
            <th scope="col">{t.roles}</th>
            <th scope="col">{t.standing}</th>
            <th scope="col">{t.since}</th>
          </tr>
        </thead>
        <tbody>
          {users.map((one) => (
            <tr key={one.userId} class={one.userId === chosen ? "chosen" : undefined}>
              <td>
                <a href={link("users", one.userId)}>{one.name}</a>
              </td>
              <td>{one.roles?.map((role) => words.roles[role]).join(", ")}</td>
              <td>
                <Standing of={one} />
              </td>
              <td>{one.createdAt && format.moment(time(one.createdAt)!)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Make({ onMade }: { onMade: (user: User) => void }) {
  const { words } = useSpeech();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [chosen, choose] = useState<Role[]>([]);
  const { busy, problem, start } = useCall<User>();
  const t = words.usersPage;
  const flip = (one: Role, on: boolean) =>
    choose(roles.filter((other) => (other === one ? on : chosen.includes(other))));
  const make = async () => {
    const body = { name: name.trim(), password, roles: chosen };
    const user = await start(() => client.post<User>("/v1/users", body));
    if (!user) return;
    setName("");
    setPassword("");
    choose([]);
    onMade(user);
  };
  return (
    <Panel title={t.make} note={t.makeNote}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label>
          {words.setUp.name}
          <input
            name="user-name"
            required
            maxLength={64}
            pattern="[a-z][a-z0-9._\-]*"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          {words.setUp.password}
          <input
            name="user-password"
            type="password"
            required
            minLength={12}
            maxLength={256}
            autocomplete="new-password"
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        <fieldset>
          <legend>{t.roles}</legend>
          <div class="choices">
            {roles.map((one) => (
              <label key={one} class="choice">
                <input
                  type="checkbox"
                  checked={chosen.includes(one)}
                  onChange={(event) => flip(one, event.currentTarget.checked)}
                />
                {words.roles[one]}
              </label>
            ))}
          </div>
        </fieldset>
        <ProblemNote problem={problem} />
        <button type="submit" disabled={busy || chosen.length === 0}>
          {t.makeSubmit}
        </button>
      </form>
    </Panel>
  );
}
