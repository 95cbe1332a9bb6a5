// The few shapes of which all pages are made.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Reading } from "../api/feed";
import type { Problem } from "../api/problem";
import { clock } from "../site";
import { useSpeech } from "../words/words";

/** A page's content, with the heading that the reader lands on after a change of page. */
export function Page({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · imece`;
  }, [title]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <main id="content">
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {children}
    </main>
  );
}

/** A titled box; its foot says how fresh its figures are. */
export function Panel(props: {
  title: string;
  of?: Reading<unknown> | undefined;
  /** Wall ms after which the figures count as old. */
  oldAfterMs?: number;
  note?: string | undefined;
  wide?: boolean;
  children: ComponentChildren;
}) {
  return (
    <section class={props.wide ? "panel wide" : "panel"}>
      <h2>{props.title}</h2>
      {props.children}
      {(props.of || props.note) && (
        <footer>
          {props.note && <span>{props.note}</span>}
          {props.of && <Fresh of={props.of} oldAfterMs={props.oldAfterMs ?? 30_000} />}
        </footer>
      )}
    </section>
  );
}

/** How old a reading is, in site time as all else. */
export function Fresh({ of, oldAfterMs }: { of: Reading<unknown>; oldAfterMs: number }) {
  const { words, format } = useSpeech();
  if (of.at === undefined) return <span class="fresh">{words.fresh.never}</span>;
  const wallMs = Date.now() - of.at;
  const span = format.span(clock.span(wallMs));
  if (wallMs > oldAfterMs) return <span class="fresh old">{words.fresh.stale(span)}</span>;
  return <span class="fresh">{wallMs < 1500 ? words.fresh.now : words.fresh.age(span)}</span>;
}

/** What was refused, why, and what to quote to whoever helps. */
export function ProblemNote({ problem }: { problem: Problem | undefined }) {
  const { words } = useSpeech();
  if (!problem) return null;
  const said = words.problem.reasons[problem.reason];
  return (
    <p class="problem" role="alert">
      {said ?? `${problem.reason}: ${problem.detail}`}
      {problem.traceId && <small> {words.problem.trace(problem.traceId)}</small>}
    </p>
  );
}

/** An id that is too long to read: its beginning, and the whole on hovering or copying. */
export function Id({ of }: { of: string }) {
  return (
    <code title={of} class="id">
      {of.slice(0, 8)}
      {of.length > 8 && "…"}
    </code>
  );
}

export type Tone = "good" | "bad" | "warn" | "calm";
const marks: Record<Tone, string> = { good: "✓", bad: "✗", warn: "!", calm: "–" };

/** A verdict in colour, sign and word, so that none of them is needed alone. `mark` stands for the tone's own sign. */
export function Verdict(props: { tone: Tone; mark?: string; children: ComponentChildren }) {
  return (
    <span class={`verdict ${props.tone}`}>
      <span aria-hidden="true">{props.mark ?? marks[props.tone]}</span> {props.children}
    </span>
  );
}
