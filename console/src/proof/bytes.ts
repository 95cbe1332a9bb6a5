export type Bytes = Uint8Array<ArrayBuffer>;

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** Of either alphabet, with or without padding. Throws on anything else. */
export function fromBase64(text: string): Bytes {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function toBase64(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes));
}

export function toHex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Of hex digits, with or without the hyphens of a UUID. */
export function fromHex(text: string): Bytes {
  const pairs = text.replace(/-/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** 16 bytes as a UUID is written. */
export function toUuid(bytes: Bytes): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function joined(...parts: Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function same(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Reads one of the chain's formats (docs/ledger.md). Throws RangeError where the bytes end too early. */
export class Reader {
  at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Bytes) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.u8() !== 1) throw new RangeError("not a format of version 1");
  }

  u8(): number {
    return this.view.getUint8(this.at++);
  }
  u32(): number {
    const value = this.view.getUint32(this.at);
    this.at += 4;
    return value;
  }
  u64(): number {
    const value = this.view.getBigUint64(this.at);
    this.at += 8;
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("a number over 2^53");
    return Number(value);
  }
  fixed(size: number): Bytes {
    if (this.at + size > this.bytes.length) throw new RangeError("the bytes end too early");
    this.at += size;
    return this.bytes.slice(this.at - size, this.at);
  }
  text(): string {
    return new TextDecoder("utf-8", { fatal: true }).decode(this.fixed(this.u32()));
  }
  /** All that was read so far. */
  head(): Bytes {
    return this.bytes.slice(0, this.at);
  }
  end(): void {
    if (this.at !== this.bytes.length) throw new RangeError("bytes behind the end");
  }
}
