import { useEffect, useState } from "preact/hooks";
import type { Desk, Device, Priority } from "../api/types";
import { Ask } from "../parts/ask";
import { Panel, ProblemNote } from "../parts/parts";
import { client } from "../site";
import { useComposeWords } from "../words/compose";
import { useSpeech } from "../words/words";
import { bodyBytesMax, defaultTtlS, firstClass, lifetimesS, roomOf, type Draft } from "./draft";
import type { ClearHeader, RecipientKind } from "./envelope";
import { allDesks, devicesOf, useRecipient, type Found } from "./recipients";

interface FormProps {
  userId: string;
  deviceId: string;
  classes: Priority[];
  busy: boolean;
  /** Another message is to be acknowledged first. */
  blocked: boolean;
  /** True: it was acknowledged, and the text has done its work. */
  onSend: (draft: Draft) => Promise<boolean>;
}

export function Form({ userId, deviceId, classes, busy, blocked, onSend }: FormProps) {
  const { words, format } = useSpeech();
  const [kind, setKind] = useState<RecipientKind>("group");
  const [id, setId] = useState("");
  const desks = useDesks();
  const found = useRecipient(kind, id.trim().toLowerCase(), desks ?? none);
  const [priority, setPriority] = useState(firstClass(classes));
  const [ttlS, setTtlS] = useState(0);
  const [text, setText] = useState("");
  const [clear, setClear] = useState(noHeader);
  const [asking, ask] = useState(false);
  const room = roomOf(text, useBodyMax());
  const t = useComposeWords();
  const grave = priority === "LIFE_CRITICAL";

  const send = async () => {
    ask(false);
    const to = found.recipient!;
    if (!(await onSend({ to, priority, ttlS, clear, text }))) return;
    setText("");
    setClear(noHeader);
    // The next one is no matter of life merely because this was.
    setPriority(firstClass(classes));
  };
  return (
    <Panel title={t.title} note={t.sealed} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (grave) ask(true);
          else void send();
        }}
      >
        <fieldset disabled={busy || blocked}>
          <To
            {...{ kind, id, found, userId, deviceId, desks }}
            onKind={(next) => (setKind(next), setId(""))}
            onId={setId}
          />
          <div class="row">
            <label>
              {words.messagesPage.class}
              <select
                name="priority"
                value={priority}
                onChange={(event) => setPriority(event.currentTarget.value as Priority)}
              >
                {classes.map((one) => (
                  <option key={one} value={one}>
                    {words.priorities[one]}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {t.lifetime}
              <select
                name="ttl"
                value={ttlS}
                onChange={(event) => setTtlS(Number(event.currentTarget.value))}
              >
                <option value={0}>{t.ofClass(format.span(defaultTtlS[priority] * 1000))}</option>
                {lifetimesS.map((one) => (
                  <option key={one} value={one}>
                    {format.span(one * 1000)}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <div class="field">
            <label for="text">{t.text}</label>
            <textarea
              id="text"
              name="text"
              required
              rows={5}
              aria-describedby="room"
              value={text}
              ref={(element) => element?.setCustomValidity(room.over ? t.tooLong : "")}
              onInput={(event) => setText(event.currentTarget.value)}
            />
            <small id="room" class={room.over ? "bad" : "muted"}>
              {t.room(format.number(room.used), format.number(room.max))}
              {room.over && ` ${t.tooLong}`}
            </small>
          </div>
          <Clear of={clear} onChange={setClear} />
          <button type="submit" class={grave ? "danger" : ""} disabled={!found.recipient}>
            {busy ? t.sending : grave ? `${t.send} …` : t.send}
          </button>
        </fieldset>
      </form>
      {asking && (
        <Ask
          title={t.lifeTitle}
          submit={t.lifeSubmit}
          busy={busy}
          problem={undefined}
          onSubmit={() => void send()}
          onClose={() => ask(false)}
        >
          <p>{t.lifeTo(found.recipient?.name ?? "")}</p>
          <p class="muted">{t.lifeExplain}</p>
        </Ask>
      )}
    </Panel>
  );
}

const none: Desk[] = [];
const noHeader: ClearHeader = { kind: "", cell: "", people: 0, language: "" };

/** Undefined until they are known. */
function useDesks(): Desk[] | undefined {
  const [desks, setDesks] = useState<Desk[]>();
  useEffect(() => {
    allDesks()
      .then(setDesks)
      .catch(() => setDesks(none)); // The device's id is still a way.
  }, []);
  return desks;
}

/** What the site takes now, which a setting may have lowered. */
function useBodyMax(): number {
  const [max, setMax] = useState(bodyBytesMax);
  useEffect(() => {
    client
      .get<{ value: string }>("/v1/config/messaging.body_bytes_max")
      .then(({ value }) => setMax(Number(value) || bodyBytesMax))
      .catch(() => undefined); // A site without settings has the default.
  }, []);
  return max;
}

interface ToProps {
  kind: RecipientKind;
  id: string;
  found: Found;
  userId: string;
  deviceId: string;
  desks: Desk[] | undefined;
  onKind: (kind: RecipientKind) => void;
  onId: (id: string) => void;
}

function To({ kind, id, found, userId, deviceId, desks, onKind, onId }: ToProps) {
  const { format } = useSpeech();
  const [own, setOwn] = useState<Device[]>([]);
  const t = useComposeWords();
  useEffect(() => {
    if (kind !== "device") return;
    devicesOf(userId, deviceId)
      .then(setOwn)
      .catch(() => undefined); // They are only offered; any id may be entered.
  }, [kind, userId, deviceId]);
  return (
    <>
      <div class="row">
        <label>
          {t.to}
          <select
            name="to-kind"
            value={kind}
            onChange={(event) => onKind(event.currentTarget.value as RecipientKind)}
          >
            <option value="group">{t.desk}</option>
            <option value="device">{t.device}</option>
          </select>
        </label>
        {kind === "group" ? (
          <label>
            {t.desk}
            <select
              name="desk"
              required
              value={id}
              onChange={(event) => onId(event.currentTarget.value)}
            >
              <option value="">{desks?.length === 0 ? t.noDesks : t.chooseDesk}</option>
              {desks?.map((one) => (
                <option key={one.deskId} value={one.deskId}>
                  {t.deskOf(one.name, format.number(one.deviceIds?.length ?? 0))}
                </option>
              ))}
            </select>
          </label>
        ) : (
          <label>
            {t.deviceId}
            <input
              name="device"
              required
              spellcheck={false}
              autocomplete="off"
              list="own-devices"
              placeholder={t.deviceHint}
              pattern="\s*[0-9a-fA-F]{32}\s*"
              value={id}
              onInput={(event) => onId(event.currentTarget.value)}
            />
            <datalist id="own-devices">
              {own.map((one) => (
                <option key={one.deviceId} value={one.deviceId} label={one.label ?? ""} />
              ))}
            </datalist>
          </label>
        )}
      </div>
      <ProblemNote problem={found.problem} />
      {found.recipient && (
        <p class="muted" role="status">
          {kind === "device" ? (
            t.sealedToDevice(found.recipient.name)
          ) : (
            <>
              {t.sealedToDesk} <code>{found.recipient.fingerprint.replace(/(.{4})/g, "$1 ")}</code>
            </>
          )}
        </p>
      )}
    </>
  );
}

function Clear({ of, onChange }: { of: ClearHeader; onChange: (clear: ClearHeader) => void }) {
  const t = useComposeWords();
  return (
    <details>
      <summary>{t.header}</summary>
      <p class="muted">{t.headerExplain}</p>
      <div class="row">
        <label>
          {t.kind}
          <input
            name="kind"
            maxLength={32}
            pattern="[a-z0-9\-]*"
            placeholder="text"
            value={of.kind}
            onInput={(event) => onChange({ ...of, kind: event.currentTarget.value })}
          />
        </label>
        <label>
          {t.cell}
          <input
            name="cell"
            maxLength={6}
            pattern="[0-9b-hjkmnp-z]*"
            placeholder="sxk97e"
            value={of.cell}
            onInput={(event) => onChange({ ...of, cell: event.currentTarget.value })}
          />
        </label>
        <label>
          {t.people}
          <input
            name="people"
            type="number"
            min={0}
            max={10_000}
            value={of.people === 0 ? "" : of.people}
            onInput={(event) => onChange({ ...of, people: Number(event.currentTarget.value) })}
          />
        </label>
        <label>
          {t.language}
          <input
            name="language"
            maxLength={16}
            pattern="[A-Za-z0-9\-]*"
            placeholder="tr"
            value={of.language}
            onInput={(event) => onChange({ ...of, language: event.currentTarget.value })}
          />
        </label>
      </div>
    </details>
  );
}
