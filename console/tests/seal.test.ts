import { describe, expect, it } from "vitest";
import { bodyContext, makeEphemeral, seal, sealBody, type Ephemeral } from "../src/compose/hpke";
import { deviceIdOf, sealKeyOf } from "../src/compose/keys";
import { fromHex, joined, toHex, utf8, type Bytes } from "../src/proof/bytes";

const counting = (from: number) => Uint8Array.from({ length: 32 }, (_, i) => from + i);

/** A PKCS #8 of a private key of 32 bytes (RFC 8410). */
async function ephemeralOf(secret: Bytes, publicKey: Bytes): Promise<Ephemeral> {
  const wrapped = joined(fromHex("302e020100300506032b656e04220420"), secret);
  const privateKey = await crypto.subtle.importKey("pkcs8", wrapped, "X25519", false, [
    "deriveBits",
  ]);
  return { privateKey, publicKey };
}

describe("HPKE", () => {
  it("seals as RFC 9180 does in A.2.1", async () => {
    const enc = fromHex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    const secret = fromHex("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600");
    const recipient = fromHex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
    const context = { info: utf8("Ode on a Grecian Urn"), aad: utf8("Count-0") };
    const plain = utf8("Beauty is truth, truth beauty");
    const sealed = await seal(recipient, plain, context, await ephemeralOf(secret, enc));
    expect(toHex(sealed.slice(0, 32))).toBe(toHex(enc));
    expect(toHex(sealed.slice(32))).toBe(
      "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db" +
        "21993c62ce81883d2dd1b51a28",
    );
  });
  it("seals bodies as the phones do (the vector of src/crypto/tests/seal_test.cc)", async () => {
    const sealed =
      "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a" +
      "4767a16ccad563a70806a673a46f3df67cf1cfd5f939a1d09296074cd368e481dce4bd4eba822b0f574aa7ba" +
      "c66ca615aa1293";
    const recipient = sealKeyOf(
      fromHex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"),
    );
    const plain = utf8("Kat 3'te iki kişiyiz, ışık yok.");
    const ephemeral = await ephemeralOf(counting(0x40), fromHex(sealed).slice(0, 32));
    expect(toHex(await seal(recipient, plain, bodyContext, ephemeral))).toBe(sealed);
  });
  it("seals each body with another key, 48 bytes longer than it is", async () => {
    const recipient = (await makeEphemeral()).publicKey;
    const plain = utf8("help");
    const [one, other] = await Promise.all([
      sealBody(recipient, plain),
      sealBody(recipient, plain),
    ]);
    expect(one!.length).toBe(4 + 48);
    expect(toHex(one!.slice(0, 32))).not.toBe(toHex(other!.slice(0, 32)));
  });
  it("seals nothing to a point of small order", async () => {
    await expect(sealBody(new Uint8Array(32), utf8("help"))).rejects.toThrow();
    const one = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
    await expect(sealBody(one, utf8("help"))).rejects.toThrow();
  });
});

describe("a public key", () => {
  const key = fromHex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
  it("has the id and the seal key that the site gives it", async () => {
    expect(await deviceIdOf(key)).toBe("56475aa75463474c0285df5dbf2bcab7");
    expect(toHex(sealKeyOf(key))).toBe(
      "4701d08488451f545a409fb58ae3e58581ca40ac3f7f114698cd71deac73ca01",
    );
  });
  it("is refused where it is no point, or one of small order", () => {
    const smallOrder = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
    for (const bad of [new Uint8Array(32).fill(0xff), smallOrder, new Uint8Array(32), key.slice(1)])
      expect(() => sealKeyOf(bad), toHex(bad)).toThrow();
  });
});
