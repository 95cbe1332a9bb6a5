// What the API answers, as far as the console reads it. A field that has its default may be absent; whole numbers of 64
// bits come as text, times as RFC 3339, bytes as base64.

export type Count = string | number;

export const priorities = [
  "LIFE_CRITICAL",
  "SAFETY_CRITICAL",
  "OPERATIONAL",
  "COMMUNICATION",
  "MAINTENANCE",
] as const;
export type Priority = (typeof priorities)[number];

export const roles = ["CITIZEN", "RESPONDER", "DISPATCHER", "OPERATOR"] as const;
export type Role = (typeof roles)[number];

export interface Site {
  name: string;
  exercise?: boolean;
  timeScale?: number;
  version: string;
  now: string;
  services?: string[];
}

export interface Tokens {
  accessToken: string;
  accessExpiresAt: string;
  refreshToken: string;
  refreshExpiresAt: string;
  subject: string;
}
export interface User {
  userId: string;
  name: string;
  roles?: Role[];
  createdAt?: string;
  /** Absent while the user may sign in. */
  disabledAt?: string;
}

export interface SignedCredential {
  credential: string;
  signature: string;
}
export interface DeviceSession {
  session: Tokens;
  credential: SignedCredential;
}
export interface Device {
  deviceId: string;
  publicKey: string;
  label?: string;
  ownerUserId?: string;
  revokedAt?: string;
  classes?: Priority[];
}
export interface Desk {
  deskId: string;
  name: string;
  publicKey: string;
  deviceIds?: string[];
}

export interface ClassStanding {
  priority: Priority;
  judgement?: "HELD" | "BROKEN" | "NOT_JUDGED";
  accepted?: Count;
  delivered?: Count;
  rejected?: Count;
  expired?: Count;
  expiredUnreachable?: Count;
  deliveredShare?: number;
  promisedShare?: number;
  latencyP50S?: number;
  latencyP95S?: number;
  latencyP99S?: number;
  promisedP95S?: number;
  oldestWaitingAcceptedAt?: string;
}
export interface Island {
  islandId: string;
  nodes?: number;
  hasUplink?: boolean;
  since?: string;
}
export interface Source {
  service: string;
  connected?: boolean;
  countedTo?: string;
}
export interface Overview {
  at: string;
  windowS?: number;
  exercise?: boolean;
  classes?: ClassStanding[];
  islands?: Island[];
  islandsTotal?: number;
  nodesAlive?: number;
  nodesSuspect?: number;
  nodesDead?: number;
  nodesAsleep?: number;
  acceptedPerS?: number;
  deliveredPerS?: number;
  sources?: Source[];
}

export interface ClassQueue {
  priority: Priority;
  waiting?: Count;
  inFlight?: Count;
  oldestAcceptedAt?: string;
  acceptedTotal?: Count;
  deliveredTotal?: Count;
  expiredTotal?: Count;
}
export interface Queues {
  classes?: ClassQueue[];
  links?: number;
  topologyVersion?: Count;
}

export type NodeState = "ALIVE" | "SUSPECT" | "DEAD" | "ASLEEP";
export interface Node {
  nodeId: string;
  state?: NodeState;
  lastHeardAt?: string;
  stateSince?: string;
  batteryPercent?: number;
  hasUplink?: boolean;
  position?: { latitude?: number; longitude?: number };
  component?: number;
  links?: number;
}
export interface Link {
  from: string;
  to: string;
  quality?: number;
  latencyMs?: number;
  bandwidthKbps?: number;
}
export interface Topology {
  version?: Count;
  at?: string;
  nodes?: Node[];
  links?: Link[];
  components?: { number?: number; nodes?: number; hasUplink?: boolean }[];
}

export type Level = "NORMAL" | "EMERGENCY" | "CRISIS";
export interface Emergency {
  emergencyId: string;
  level: Level;
  area?: string;
  expiresAt: string;
  declaredAt?: string;
  transactionId?: string;
}
export interface Emergencies {
  level?: Level;
  emergencies?: Emergency[];
}

export interface BlockHeader {
  height?: Count;
  hash: string;
  parent: string;
  time: string;
  proposer: string;
  epoch?: Count;
  level?: Level;
  exercise?: boolean;
  transactions?: number;
}
export interface Block {
  header: BlockHeader;
  encodedHeader: string;
  encodedCertificate: string;
  votes?: number;
  transactions?: string[];
}
export interface AuthoritySet {
  epoch?: Count;
  authorities?: { authorityId: string; publicKey: string; weight: number }[];
  totalWeight?: Count;
  faultTolerant?: boolean;
  stopsWithout?: string[];
  encoded: string;
}
export interface Ledger {
  chainId: string;
  tip: Block;
  authorities: AuthoritySet;
  pendingTransactions?: Count;
  emergencies?: Emergency[];
}
export interface Transaction {
  transactionId: string;
  state?: "PENDING" | "FINAL" | "REFUSED";
  height?: Count;
  refusedReason?: string;
}
export interface TransactionProof {
  transaction: string;
  index?: number;
  path?: string[];
  block: Block;
}
export interface ReceiptProof {
  index?: number;
  path?: string[];
  anchor: TransactionProof;
}
export interface EntryProof {
  there?: boolean;
  beside?: string[];
  leafKey?: string;
  leafValue?: string;
  block: Block;
}
export interface BlockProof {
  older: Block;
  path?: string[];
  newer: Block;
}

export interface AuditRecord {
  index?: Count;
  record: string;
  leafHash: string;
  read: {
    time: string;
    source?: string;
    type?: string;
    subject?: string;
    actor?: string;
    traceId?: string;
    eventId?: string;
  };
}
export interface AuditRecords {
  records?: AuditRecord[];
  treeSize?: Count;
}
export interface Checkpoint {
  note: string;
  verifierKey: string;
  treeSize?: Count;
  rootHash: string;
}
export interface LogProof {
  record?: AuditRecord;
  treeSize?: Count;
  path?: string[];
}

export type MessageState = "QUEUED" | "FORWARDED" | "DELIVERED" | "EXPIRED" | "REJECTED";
export interface Message {
  messageId: string;
  senderDeviceId: string;
  destination: string;
  priority: Priority;
  state: MessageState;
  sentAt?: string;
  acceptedAt?: string;
  expiresAt?: string;
  bodyBytes?: number;
  copies?: { deviceId: string; state?: MessageState; deliveredAt?: string }[];
}
export interface Explanation {
  message: Message;
  copies?: {
    deviceId: string;
    state?: MessageState;
    why?: string;
    path?: string[];
    ahead?: number;
    attempts?: number;
    nextAttemptAt?: string;
  }[];
}

export const wellbeings = ["SAFE", "NEEDS_HELP", "MISSING", "FOUND"] as const;
export type Wellbeing = (typeof wellbeings)[number];
export interface CheckIn {
  checkInId: string;
  name: string;
  phone?: string;
  wellbeing: Wellbeing;
  place?: string;
  note?: string;
  at: string;
  recordedBy?: string;
  opening?: { salt: string; bytes: string; commitment: string };
}

export interface Certificate {
  serial: string;
  spiffeId: string;
  notAfter: string;
  revokedAt?: string;
}

export const count = (value: Count | undefined): number => Number(value ?? 0);
/** Unix milliseconds; undefined stays so. */
export const time = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);
