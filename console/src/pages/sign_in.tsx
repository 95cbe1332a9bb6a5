import { useState } from "preact/hooks";
import { Page, ProblemNote } from "../parts/parts";
import { feeds, session, useCall, useFeed } from "../site";
import { useSpeech } from "../words/words";

export function SignInPage() {
  const { words } = useSpeech();
  const site = useFeed(feeds.site);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { busy, problem, start } = useCall<void>();
  const submit = (event: Event) => {
    event.preventDefault();
    void start(() => session.signIn(name, password));
  };
  return (
    <div class="narrow">
      <Page title={words.signIn.title}>
        {site.value && <p class="muted">{words.signIn.needed(site.value.name)}</p>}
        {session.ended && !problem && <p role="status">{words.signIn.ended}</p>}
        <ProblemNote problem={problem} />
        <form onSubmit={submit}>
          <label>
            {words.signIn.name}
            <input
              name="name"
              required
              autocomplete="username"
              autocapitalize="none"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <label>
            {words.signIn.password}
            <input
              name="password"
              type="password"
              required
              autocomplete="current-password"
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
            />
          </label>
          <button type="submit" disabled={busy}>
            {busy ? words.signIn.busy : words.signIn.submit}
          </button>
        </form>
      </Page>
    </div>
  );
}
