export const languages = {
  tr: { name: "Türkçe", locale: "tr-TR", units: { d: "gün", h: "sa", min: "dk", s: "sn" } },
  en: { name: "English", locale: "en-GB", units: { d: "d", h: "h", min: "min", s: "s" } },
} as const;
export type Language = keyof typeof languages;

const kept = "imece.language";

/** What was chosen on this machine; else what the browser asks for. */
export function chosenLanguage(): Language {
  const chosen = localStorage.getItem(kept);
  if (chosen === "tr" || chosen === "en") return chosen;
  return navigator.language.startsWith("tr") ? "tr" : "en";
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(kept, language);
}
