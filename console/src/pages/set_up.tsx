import { useState } from "preact/hooks";
import { call } from "../api/call";
import type { User } from "../api/types";
import { Page, ProblemNote } from "../parts/parts";
import { useCall } from "../site";
import { useSpeech } from "../words/words";

// The link's token is in its fragment, which browsers never send by themselves; nor does it stay in the address bar.
const setupToken = location.pathname === "/setup" ? location.hash.replace(/^#(token=)?/, "") : "";
if (setupToken !== "") history.replaceState(null, "", location.pathname);

/** Makes the first operator, by the one-time link of the first start. */
export function SetUpPage() {
  const { words } = useSpeech();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { busy, value, problem, start } = useCall<User>();
  const submit = (event: Event) => {
    event.preventDefault();
    const body = { setupToken, name, password };
    void start(() => call<User>(fetch, "/v1/setup", { body }));
  };
  return (
    <div class="narrow">
      <Page title={words.setUp.title}>
        {value ? (
          <>
            <p role="status">{words.setUp.done(value.name)}</p>
            <p>
              <a class="button" href="/">
                {words.setUp.goOn}
              </a>
            </p>
          </>
        ) : setupToken === "" ? (
          <p>{words.setUp.noToken}</p>
        ) : (
          <>
            <p>{words.setUp.explain}</p>
            <ProblemNote problem={problem} />
            <form onSubmit={submit}>
              <label>
                {words.setUp.name}
                <input
                  name="name"
                  required
                  maxLength={64}
                  pattern="[a-z][a-z0-9._\-]*"
                  autocomplete="username"
                  autocapitalize="none"
                  value={name}
                  onInput={(event) => setName(event.currentTarget.value)}
                />
              </label>
              <label>
                {words.setUp.password}
                <input
                  name="password"
                  type="password"
                  required
                  minLength={12}
                  maxLength={256}
                  autocomplete="new-password"
                  value={password}
                  onInput={(event) => setPassword(event.currentTarget.value)}
                />
              </label>
              <button type="submit" disabled={busy}>
                {words.setUp.submit}
              </button>
            </form>
          </>
        )}
      </Page>
    </div>
  );
}
