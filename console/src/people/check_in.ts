// What a person types, as the site is asked for it.
import type { Wellbeing } from "../api/types";

/** What has a digit and no letter is a phone number; the site decides whether it is one. */
export function queryOf(text: string): { phone: string } | { name: string } {
  const isPhone = /\d/.test(text) && !/\p{L}/u.test(text);
  return isPhone ? { phone: text.trim() } : { name: text.trim() };
}

export interface Said {
  name: string;
  phone: string;
  wellbeing: Wellbeing | "";
  place: string;
  note: string;
}
export type Attempt = Said & { checkInId: string };

/** What goes to the site. The same as last time keeps its id, so that sending it again records it once. */
export function attemptOf(said: Said, last: Attempt | undefined): Attempt {
  const attempt = { ...said, checkInId: last?.checkInId ?? "" };
  const again = last !== undefined && JSON.stringify(attempt) === JSON.stringify(last);
  return again ? last : { ...attempt, checkInId: crypto.randomUUID() };
}
