import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { may, type Right } from "./api/access";
import type { Role } from "./api/types";
import { OverviewPage } from "./pages/overview";
import { SetUpPage } from "./pages/set_up";
import { SignInPage } from "./pages/sign_in";
import { later } from "./parts/later";
import { useRoute } from "./route";
import { Shell } from "./shell";
import { session, useSession } from "./site";
import { useSpeech } from "./words/words";

export interface PageProps {
  roles: Role[];
  /** What follows the page's name in the address. */
  rest: string[];
}
export type PageName =
  | "overview"
  | "map"
  | "messages"
  | "compose"
  | "people"
  | "emergencies"
  | "ledger"
  | "audit"
  | "users";

const pages: Record<PageName, { component: ComponentType<PageProps>; right?: Right }> = {
  overview: { component: OverviewPage },
  map: {
    component: later(async () => (await import("./pages/map")).default),
    right: "topology",
  },
  messages: { component: later(async () => (await import("./pages/messages")).default) },
  compose: {
    component: later(async () => (await import("./pages/compose")).default),
    right: "compose",
  },
  people: { component: later(async () => (await import("./pages/people")).default) },
  emergencies: { component: later(async () => (await import("./pages/emergencies")).default) },
  ledger: { component: later(async () => (await import("./pages/ledger")).default) },
  audit: {
    component: later(async () => (await import("./pages/audit")).default),
    right: "audit",
  },
  users: {
    component: later(async () => (await import("./pages/users")).default),
    right: "users",
  },
};

/** The pages that these roles may open, in the order of the menu. */
function pagesFor(roles: Role[]): PageName[] {
  return (Object.keys(pages) as PageName[]).filter((name) => {
    const { right } = pages[name];
    return right === undefined || may(roles, right);
  });
}

export function App() {
  const { words } = useSpeech();
  const { signedIn } = useSession();
  const [resumed, setResumed] = useState(false);
  const [first = "overview", ...rest] = useRoute();
  useEffect(() => {
    void session
      .resume()
      .catch(() => undefined) // The sign-in page says that the site cannot be reached.
      .finally(() => setResumed(true));
  }, []);

  if (!signedIn) {
    const setUp = location.pathname === "/setup";
    return (
      <Shell>
        {setUp ? (
          <SetUpPage />
        ) : resumed ? (
          <SignInPage />
        ) : (
          <main id="content" class="narrow">
            <p>{words.signIn.resuming}</p>
          </main>
        )}
      </Shell>
    );
  }
  const offered = pagesFor(signedIn.roles);
  const name = offered.find((one) => one === first) ?? "overview";
  const Content = pages[name].component;
  return (
    <Shell menu={{ pages: offered, current: name }} signedIn={signedIn}>
      <Content key={name} roles={signedIn.roles} rest={rest} />
    </Shell>
  );
}
