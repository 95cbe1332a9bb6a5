// Which roles may do what, as the contracts have it: the console offers nothing that the site would refuse.
import type { Role } from "./types";

const access = {
  overview: ["RESPONDER", "DISPATCHER", "OPERATOR"],
  topology: ["RESPONDER", "DISPATCHER", "OPERATOR"],
  queues: ["DISPATCHER", "OPERATOR"],
  listMessages: ["DISPATCHER", "OPERATOR"],
  compose: ["DISPATCHER", "OPERATOR"],
  declare: ["DISPATCHER", "OPERATOR"],
  checkpoint: ["RESPONDER", "DISPATCHER", "OPERATOR"],
  /** Search for people by name, and open what others recorded. */
  checkIns: ["RESPONDER", "DISPATCHER", "OPERATOR"],
  eraseCheckIns: ["DISPATCHER", "OPERATOR"],
  users: ["OPERATOR"],
  audit: ["OPERATOR"],
  certificates: ["OPERATOR"],
} as const satisfies Record<string, readonly Role[]>;

export type Right = keyof typeof access;

export function may(roles: readonly Role[], right: Right): boolean {
  return roles.some((role) => (access[right] as readonly Role[]).includes(role));
}
