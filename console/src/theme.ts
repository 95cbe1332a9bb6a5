// Light or dark: as the device says, unless somebody chose.
export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const kept = "imece.theme";

export function chosenTheme(): Theme {
  const chosen = localStorage.getItem(kept);
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

export function applyTheme(theme = chosenTheme()): void {
  localStorage.setItem(kept, theme);
  document.documentElement.dataset.theme = theme;
}
