// What a person writes before it is sealed, and what is still wrong with it.
import type { Priority } from "../api/types";
import { utf8, type Bytes } from "../proof/bytes";
import type { ClearHeader, RecipientKind } from "./envelope";

export interface Recipient {
  kind: RecipientKind;
  /** A device's 32 hex digits, or a desk's UUID. */
  id: string;
  name: string;
  /** X25519: what the body is sealed to. */
  sealKey: Bytes;
  /** Of the public key, as a device's id is: by it two people can compare what they hold. */
  fingerprint: string;
}
export interface Draft {
  to: Recipient;
  priority: Priority;
  /** 0: the default of the class. */
  ttlS: number;
  clear: ClearHeader;
  text: string;
}

/** How much longer a body is once it is sealed. */
export const sealOverhead = 48;
/** Of a sealed body, where the site does not say otherwise. */
export const bodyBytesMax = 16_384;

export const defaultTtlS: Record<Priority, number> = {
  LIFE_CRITICAL: 72 * 3600,
  SAFETY_CRITICAL: 24 * 3600,
  OPERATIONAL: 12 * 3600,
  COMMUNICATION: 12 * 3600,
  MAINTENANCE: 6 * 3600,
};
export const lifetimesS = [900, 3600, 6 * 3600, 12 * 3600, 24 * 3600, 72 * 3600] as const;

export interface Room {
  used: number;
  max: number;
  over: boolean;
}

/** How much of a body the text takes: as it travels, a letter has one byte to four. */
export function roomOf(text: string, sealedMax = bodyBytesMax): Room {
  const used = utf8(text).length;
  const max = Math.max(0, sealedMax - sealOverhead);
  return { used, max, over: used > max };
}

/** The class to begin with: the one for words between people, else the least urgent of those that may be used. */
export function firstClass(allowed: readonly Priority[]): Priority {
  return allowed.includes("COMMUNICATION") ? "COMMUNICATION" : (allowed.at(-1) ?? "COMMUNICATION");
}
