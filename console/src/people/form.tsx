import { useState } from "preact/hooks";
import { wellbeings, type CheckIn, type Wellbeing } from "../api/types";
import { Panel, ProblemNote } from "../parts/parts";
import { client, useCall } from "../site";
import { useSpeech } from "../words/words";
import { attemptOf, type Attempt, type Said } from "./check_in";

const nothing: Said = { name: "", phone: "", wellbeing: "", place: "", note: "" };

/** Checks somebody in. What is typed is kept nowhere else. */
export function CheckInForm({ onRecorded }: { onRecorded: (recorded: CheckIn) => void }) {
  const { words } = useSpeech();
  const [said, say] = useState(nothing);
  const [tried, setTried] = useState<Attempt>();
  const { busy, problem, start } = useCall<CheckIn>();
  const t = words.peoplePage;
  const send = async () => {
    const attempt = attemptOf(said, tried);
    setTried(attempt);
    const recorded = await start(() => client.post<CheckIn>("/v1/check-ins", attempt));
    if (!recorded) return;
    setTried(undefined);
    say(nothing);
    onRecorded(recorded);
  };
  const text = (field: "name" | "phone" | "place", maxLength: number, hint?: string) => (
    <label>
      {t[field]}
      <input
        name={field}
        type={field === "phone" ? "tel" : "text"}
        required={field === "name"}
        maxLength={maxLength}
        placeholder={hint}
        autocomplete="off"
        value={said[field]}
        onInput={(event) => say({ ...said, [field]: event.currentTarget.value })}
      />
    </label>
  );
  const again = !busy && problem?.status === 0 && tried !== undefined;
  return (
    <Panel title={t.record} note={t.recordNote}>
      <form
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <fieldset disabled={busy}>
          <div class="row">
            {text("name", 128)}
            <label>
              {t.how}
              <select
                name="wellbeing"
                required
                value={said.wellbeing}
                onChange={(event) =>
                  say({ ...said, wellbeing: event.currentTarget.value as Wellbeing })
                }
              >
                <option value="">{t.choose}</option>
                {wellbeings.map((one) => (
                  <option key={one} value={one}>
                    {t.wellbeing[one]}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <div class="row">
            {text("phone", 32, t.optional)}
            {text("place", 128, t.optional)}
          </div>
          <label>
            {t.note}
            <textarea
              name="note"
              rows={2}
              maxLength={512}
              placeholder={t.optional}
              value={said.note}
              onInput={(event) => say({ ...said, note: event.currentTarget.value })}
            />
          </label>
        </fieldset>
        <ProblemNote problem={problem} />
        {again && <p class="muted">{t.againSafe}</p>}
        <button type="submit" disabled={busy}>
          {busy ? t.recording : again ? t.again : t.submit}
        </button>
      </form>
    </Panel>
  );
}
