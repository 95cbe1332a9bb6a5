// An Envelope of proto/imece/type/v1/types.proto, written as protobuf writes it: fields in order, defaults left out.
import { priorities, type Priority } from "../api/types";
import { joined, utf8, type Bytes } from "../proof/bytes";

export type RecipientKind = "device" | "group";

export interface ClearHeader {
  kind: string;
  cell: string;
  people: number;
  language: string;
}
export interface Envelope {
  messageId: Bytes;
  sender: Bytes;
  to: { kind: RecipientKind; id: Bytes };
  priority: Priority;
  sentAtMs: number;
  /** 0: the default of the class. */
  ttlS: number;
  exercise: boolean;
  clear: ClearHeader;
  sealedBody: Bytes;
}

function varint(value: number): number[] {
  const out: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) out.push(value % 128 | 128);
  return [...out, value];
}

const nothing = new Uint8Array(0);

function number(field: number, value: number): Bytes {
  return value === 0 ? nothing : Uint8Array.of(field << 3, ...varint(value));
}
/** A message that is there although it is empty. */
function whole(field: number, value: Bytes): Bytes {
  return joined(Uint8Array.of((field << 3) | 2, ...varint(value.length)), value);
}
function bytes(field: number, value: Bytes): Bytes {
  return value.length === 0 ? nothing : whole(field, value);
}

function clearHeader({ kind, cell, people, language }: ClearHeader): Bytes {
  return joined(
    bytes(1, utf8(kind)),
    bytes(2, utf8(cell)),
    number(3, people),
    bytes(5, utf8(language)),
  );
}

export function encodeEnvelope(envelope: Envelope): Bytes {
  const { to, sentAtMs, ttlS } = envelope;
  const seconds = Math.floor(sentAtMs / 1000);
  const nanos = Math.floor(sentAtMs - seconds * 1000) * 1_000_000;
  return joined(
    bytes(1, envelope.messageId),
    bytes(2, envelope.sender),
    whole(3, bytes(to.kind === "device" ? 1 : 3, to.id)),
    number(4, priorities.indexOf(envelope.priority) + 1),
    whole(5, joined(number(1, seconds), number(2, nanos))),
    ttlS === 0 ? nothing : whole(6, number(1, ttlS)),
    number(7, envelope.exercise ? 1 : 0),
    bytes(8, clearHeader(envelope.clear)),
    bytes(9, envelope.sealedBody),
  );
}

/** RFC 9562: the time in ms, and chance. */
export function makeUuid7(nowMs: number): Bytes {
  const id = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(id.buffer);
  view.setUint16(0, Math.floor(nowMs / 2 ** 32));
  view.setUint32(2, Math.floor(nowMs) % 2 ** 32);
  id[6] = (id[6]! & 0x0f) | 0x70;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return id;
}
