import { createContext, type ComponentChildren } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import { en, type Words } from "./en";
import { Format } from "./format";
import { chosenLanguage, keepLanguage, type Language } from "./language";
import { tr } from "./tr";

interface Speech {
  language: Language;
  speak: (language: Language) => void;
  words: Words;
  format: Format;
}

const Context = createContext<Speech | undefined>(undefined);

export function Speaking({ children }: { children: ComponentChildren }) {
  const [language, set] = useState(chosenLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo<Speech>(
    () => ({
      language,
      speak: (next) => (keepLanguage(next), set(next)),
      words: language === "tr" ? tr : en,
      format: new Format(language),
    }),
    [language],
  );
  return <Context.Provider value={speech}>{children}</Context.Provider>;
}

export function useSpeech(): Speech {
  return useContext(Context)!;
}
