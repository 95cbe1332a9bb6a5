import type { Wellbeing as Kind } from "../api/types";
import { Verdict, type Tone } from "../parts/parts";
import { useSpeech } from "../words/words";

const looks: Record<Kind, { tone: Tone; mark: string }> = {
  SAFE: { tone: "good", mark: "✓" },
  NEEDS_HELP: { tone: "bad", mark: "!" },
  MISSING: { tone: "warn", mark: "?" },
  FOUND: { tone: "good", mark: "●" },
};

export function Wellbeing({ of }: { of: Kind }) {
  const { words } = useSpeech();
  return <Verdict {...(looks[of] ?? { tone: "calm" })}>{words.peoplePage.wellbeing[of]}</Verdict>;
}
