import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { SignedIn } from "./api/session";
import type { PageName } from "./app";
import { link } from "./route";
import { clock, feeds, readiness, signOut, useFeed, useNow } from "./site";
import { applyTheme, chosenTheme, themes, type Theme } from "./theme";
import { languages, type Language } from "./words/language";
import { useSpeech } from "./words/words";

interface ShellProps {
  menu?: { pages: PageName[]; current: PageName };
  signedIn?: SignedIn;
  children: ComponentChildren;
}

/** What stands around every page: whether this is real, how grave it is, where one is. */
export function Shell({ menu, signedIn, children }: ShellProps) {
  const { words } = useSpeech();
  const site = useFeed(feeds.site);
  const ready = useFeed(readiness);
  const goToContent = (event: Event) => {
    event.preventDefault();
    document.querySelector<HTMLElement>("#content h1")?.focus();
  };
  return (
    <>
      <a class="skip" href="#content" onClick={goToContent}>
        {words.skip}
      </a>
      <header>
        {site.value?.exercise && <ExerciseBanner scale={site.value.timeScale ?? 1} />}
        {signedIn && <LevelBanner />}
        {ready.problem?.status === 0 && (
          <p class="banner old" role="status">
            {words.fresh.noLink}
          </p>
        )}
        <div class="top">
          <span class="brand">
            {words.product} <b>{site.value?.name}</b>
          </span>
          {site.value && <SiteTime />}
          <span class="grow" />
          {signedIn && <Who signedIn={signedIn} />}
          <Choices />
        </div>
      </header>
      {menu && (
        <nav class="menu" aria-label={words.menu}>
          {menu.pages.map((name) => (
            <a
              key={name}
              href={name === "overview" ? link() : link(name)}
              aria-current={name === menu.current ? "page" : undefined}
            >
              {words.pages[name]}
            </a>
          ))}
        </nav>
      )}
      {children}
    </>
  );
}

function ExerciseBanner({ scale }: { scale: number }) {
  const { words, format } = useSpeech();
  return (
    <p class="banner exercise" role="note">
      <b>{words.exercise}</b>{" "}
      {scale > 1 ? words.exerciseFast(format.number(scale)) : words.exerciseMeans}
    </p>
  );
}

function LevelBanner() {
  const { words, format } = useSpeech();
  const now = useNow();
  const { value } = useFeed(feeds.emergencies);
  const gravest = value?.emergencies?.[0];
  if (!gravest) return null;
  const left = format.span(Date.parse(gravest.expiresAt) - now);
  return (
    <p class={`banner level ${gravest.level.toLowerCase()}`} role="status">
      <b>{words.levels[gravest.level]}</b> {gravest.area || words.wholeSite}{" "}
      <small>{words.emergencyEnds(left)}</small>{" "}
      <a href={link("emergencies")}>{words.pages.emergencies}</a>
    </p>
  );
}

function SiteTime() {
  const { format } = useSpeech();
  useNow();
  return <time class="muted">{format.clock(clock.now())}</time>;
}

function Who({ signedIn }: { signedIn: SignedIn }) {
  const { words } = useSpeech();
  const roles = signedIn.roles.map((role) => words.roles[role]).join(", ");
  const leave = () => void signOut(() => confirm(words.leaveUnsent));
  return (
    <>
      <span class="who muted">{words.signedInAs(signedIn.user.name, roles)}</span>
      <button type="button" class="plain" onClick={leave}>
        {words.signOut}
      </button>
    </>
  );
}

function Choices() {
  const { words, language, speak } = useSpeech();
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (next: Theme) => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <>
      <select
        aria-label={words.theme.label}
        value={theme}
        onChange={(event) => choose(event.currentTarget.value as Theme)}
      >
        {themes.map((one) => (
          <option key={one} value={one}>
            {words.theme[one]}
          </option>
        ))}
      </select>
      <select
        aria-label={words.language}
        value={language}
        onChange={(event) => speak(event.currentTarget.value as Language)}
      >
        {(Object.keys(languages) as Language[]).map((one) => (
          <option key={one} value={one} lang={one}>
            {languages[one].name}
          </option>
        ))}
      </select>
    </>
  );
}
