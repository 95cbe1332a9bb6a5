import type { Checked, Finding } from "../proof/findings";
import { useSpeech } from "../words/words";
import { Verdict } from "./parts";

/** What was checked in this browser, step by step, and what that comes to. */
export function Findings({ of }: { of: Checked<unknown> | undefined }) {
  const { words, format } = useSpeech();
  const t = words.proof;
  if (!of) return <p class="muted">{t.checking}</p>;
  const say = ({ step, holds, figures }: Finding): string => {
    const figure = (name: string) => format.number(figures?.[name] ?? 0);
    switch (step) {
      case "signatures":
        return holds ? t.signatures(figure("votes")) : t.signaturesBroken;
      case "quorum":
        return holds ? t.quorum(figure("weight"), figure("total")) : t.quorumBroken;
      case "opening":
        return holds ? t.opening : t.openingBroken;
      case "says":
        return holds ? t.says : t.saysBroken;
      case "entry":
        return t.entry(figure("height"));
      case "commitment":
        return holds ? t.commitment : t.commitmentBroken;
      case "recorded":
        return holds ? t.recorded(figure("height")) : t.recordedBroken;
      case "history":
        return t.history(figure("height"));
      case "note":
        return holds ? t.note(figure("records")) : t.noteBroken;
      case "consistency":
        return t.consistency(figure("records"));
      default:
        return t[step];
    }
  };
  const holds = of.findings.every((one) => one.holds);
  return (
    <section class="findings" aria-label={t.title}>
      <h3>{t.title}</h3>
      <ul class="plain">
        {of.findings.map((one, i) => (
          <li key={i}>
            <Verdict tone={one.holds ? "good" : "bad"}>{say(one)}</Verdict>
          </li>
        ))}
      </ul>
      <p>
        <Verdict tone={holds ? "good" : "bad"}>{holds ? t.all : t.broken}</Verdict>
      </p>
    </section>
  );
}
