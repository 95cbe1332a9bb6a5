import { useEffect, useRef, useState } from "preact/hooks";
import { may } from "../api/access";
import { time, type CheckIn, type Role } from "../api/types";
import type { PageProps } from "../app";
import { Page, Panel, ProblemNote } from "../parts/parts";
import { queryOf } from "../people/check_in";
import { CheckInForm } from "../people/form";
import { Opened, Phone } from "../people/opened";
import { Wellbeing } from "../people/wellbeing";
import { link } from "../route";
import { client, useCall, useNow } from "../site";
import { useSpeech } from "../words/words";

/** "Is my mother safe?" */
export default function PeoplePage({ roles, rest }: PageProps) {
  const { words } = useSpeech();
  // Results are no part of the address: a browser keeps where it was.
  const [found, setFound] = useState<CheckIn[]>();
  const [erased, setErased] = useState("");
  const said = useRef<HTMLParagraphElement>(null);
  const id = rest[0];
  useEffect(() => {
    if (id) setErased("");
  }, [id]);
  useEffect(() => said.current?.focus(), [erased]);
  const lose = (gone: string) => {
    setFound(found?.filter((one) => one.checkInId !== gone));
    setErased(gone);
    location.hash = link("people");
  };
  return (
    <Page title={words.pages.people}>
      {erased && (
        <p ref={said} tabIndex={-1} role="status">
          {words.peoplePage.erased}
        </p>
      )}
      {id && <Opened key={id} id={id} roles={roles} onErased={() => lose(id)} />}
      <Search roles={roles} found={found} onFound={setFound} />
      <CheckInForm onRecorded={(one) => (location.hash = link("people", one.checkInId))} />
    </Page>
  );
}

// More the site does not give.
const foundMax = 50;

interface SearchProps {
  roles: Role[];
  found: CheckIn[] | undefined;
  onFound: (found: CheckIn[] | undefined) => void;
}

function Search({ roles, found, onFound }: SearchProps) {
  const { words, format } = useSpeech();
  const [text, setText] = useState("");
  const { busy, problem, start } = useCall<{ checkIns?: CheckIn[] }>();
  const byName = may(roles, "checkIns");
  const t = words.peoplePage;
  const search = async () => {
    const query = queryOf(text);
    const answer = await start(() => client.post("/v1/check-ins:search", query));
    onFound(answer && (answer.checkIns ?? []));
  };
  const saidOf = (n: number) => {
    if (n === 0) return t.nobody;
    return n < foundMax ? t.found(format.number(n)) : t.foundMany(format.number(n));
  };
  return (
    <Panel title={t.search} note={byName ? t.nameNote : t.phoneNote}>
      <form
        class="row"
        role="search"
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void search();
        }}
      >
        <label>
          {byName ? t.phoneOrName : t.phone}
          <input
            name="query"
            type="search"
            required
            maxLength={128}
            pattern=".*\S.*"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={busy}>
          {t.find}
        </button>
      </form>
      <ProblemNote problem={problem} />
      <p role="status">{found && saidOf(found.length)}</p>
      {found && found.length > 0 && (
        <ul class="people" aria-label={t.results}>
          {found.map((one) => (
            <Found key={one.checkInId} of={one} opens={byName} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Found({ of, opens }: { of: CheckIn; opens: boolean }) {
  const { words, format } = useSpeech();
  const now = useNow();
  const at = time(of.at)!;
  return (
    <li>
      <b>{opens ? <a href={link("people", of.checkInId)}>{of.name}</a> : of.name}</b>
      <Wellbeing of={of.wellbeing} />
      <time dateTime={of.at}>
        {format.moment(at)} <small class="muted">{words.overview.ago(format.span(now - at))}</small>
      </time>
      {of.place && <span>{of.place}</span>}
      {of.phone && <Phone of={of.phone} />}
      {of.note && <p class="written">{of.note}</p>}
    </li>
  );
}
