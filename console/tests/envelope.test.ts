import { describe, expect, it } from "vitest";
import { encodeEnvelope, makeUuid7, type Envelope } from "../src/compose/envelope";
import { fromHex, toHex, toUuid, utf8 } from "../src/proof/bytes";

const bare: Envelope = {
  messageId: fromHex("0190c8e21f3a7b5c8d9e0a1b2c3d4e5f"),
  sender: fromHex("56475aa75463474c0285df5dbf2bcab7"),
  to: { kind: "device", id: new Uint8Array(16) },
  priority: "MAINTENANCE",
  sentAtMs: 1_750_000_000_000,
  ttlS: 0,
  exercise: false,
  clear: { kind: "", cell: "", people: 0, language: "" },
  sealedBody: utf8("a"),
};

// What `protoc --encode=imece.type.v1.Envelope` writes of the same.
describe("an envelope", () => {
  it("is written as protobuf writes it, every field", () => {
    const bytes = encodeEnvelope({
      ...bare,
      to: { kind: "group", id: Uint8Array.from({ length: 16 }, (_, i) => i) },
      priority: "LIFE_CRITICAL",
      sentAtMs: 1_750_000_000_123,
      ttlS: 3600,
      exercise: true,
      clear: { kind: "text", cell: "sxk97e", people: 300, language: "tr" },
      sealedBody: new Uint8Array(200).fill(7),
    });
    expect(toHex(bytes)).toBe(
      "0a100190c8e21f3a7b5c8d9e0a1b2c3d4e5f121056475aa75463474c0285df5dbf2bcab7" +
        "1a121a10000102030405060708090a0b0c0d0e0f20012a0b0880c3bbc20610c0a9d33a" +
        "320308901c380142150a0474657874120673786b39376518ac022a0274724ac801" +
        "07".repeat(200),
    );
  });
  it("leaves out what has its default", () => {
    expect(toHex(encodeEnvelope(bare))).toBe(
      "0a100190c8e21f3a7b5c8d9e0a1b2c3d4e5f121056475aa75463474c0285df5dbf2bcab7" +
        "1a120a100000000000000000000000000000000020052a060880c3bbc2064a0161",
    );
  });
  it("says how long its body is in as few bytes as that takes", () => {
    const sealed = (size: number) =>
      toHex(encodeEnvelope({ ...bare, sealedBody: new Uint8Array(size) }).slice(66, -size));
    expect(sealed(127)).toBe("4a7f");
    expect(sealed(128)).toBe("4a8001");
    expect(sealed(16_384)).toBe("4a808001");
  });
  it("takes a time between two milliseconds, as a clock that runs faster gives it", () => {
    const at = (sentAtMs: number) => toHex(encodeEnvelope({ ...bare, sentAtMs }));
    expect(at(1_750_000_000_123.7)).toBe(at(1_750_000_000_123));
  });
});

describe("an id", () => {
  it("is a UUIDv7 of its time, and never the same", () => {
    const now = Date.parse("2026-01-02T03:04:05.678Z");
    const id = toUuid(makeUuid7(now));
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(now);
    expect(toUuid(makeUuid7(now))).not.toBe(id);
  });
});
