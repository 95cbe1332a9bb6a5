// HPKE (RFC 9180) in base mode, one shot: X25519 and HMAC are the browser's, which has no ChaCha20-Poly1305.
import { chacha20poly1305 } from "@noble/ciphers/chacha";
import { joined, utf8, type Bytes } from "../proof/bytes";

const kemSuite = joined(utf8("KEM"), Uint8Array.of(0, 0x20));
const hpkeSuite = joined(utf8("HPKE"), Uint8Array.of(0, 0x20, 0, 1, 0, 3));
const nothing = new Uint8Array(0);
// HMAC fills a key up with zeros: these 32 are the empty salt, which importKey would refuse.
const noSalt = new Uint8Array(32);

export interface Ephemeral {
  privateKey: CryptoKey;
  publicKey: Bytes;
}

/** What both sides know beside the keys. */
export interface Context {
  info: Bytes;
  aad: Bytes;
}

async function hmac(key: Bytes, bytes: Bytes): Promise<Bytes> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, bytes));
}

function extract(suite: Bytes, salt: Bytes, label: string, material: Bytes): Promise<Bytes> {
  return hmac(salt, joined(utf8("HPKE-v1"), suite, utf8(label), material));
}

/** Of 32 bytes at most, so that one block of HKDF is enough. */
async function expand(suite: Bytes, key: Bytes, label: string, info: Bytes, size: number) {
  const message = [Uint8Array.of(0, size), utf8("HPKE-v1"), suite, utf8(label), info];
  return (await hmac(key, joined(...message, Uint8Array.of(1)))).slice(0, size);
}

async function sharedPoint(ephemeral: Ephemeral, recipient: Bytes): Promise<Bytes> {
  const theirs = await crypto.subtle.importKey("raw", recipient, "X25519", true, []);
  const algorithm = { name: "X25519", public: theirs };
  // Throws where all of it is zero, for a key of small order.
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, ephemeral.privateKey, 256));
}

export async function makeEphemeral(): Promise<Ephemeral> {
  const pair = (await crypto.subtle.generateKey("X25519", false, ["deriveBits"])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { privateKey: pair.privateKey, publicKey };
}

/** enc || ciphertext, for the holder of the X25519 key `recipient`. Throws for a key of small order. */
export async function seal(
  recipient: Bytes,
  plain: Bytes,
  { info, aad }: Context,
  ephemeral: Ephemeral,
): Promise<Bytes> {
  const enc = ephemeral.publicKey;
  const point = await sharedPoint(ephemeral, recipient);
  const prk = await extract(kemSuite, noSalt, "eae_prk", point);
  const shared = await expand(kemSuite, prk, "shared_secret", joined(enc, recipient), 32);

  const pskIdHash = await extract(hpkeSuite, noSalt, "psk_id_hash", nothing);
  const infoHash = await extract(hpkeSuite, noSalt, "info_hash", info);
  const context = joined(Uint8Array.of(0), pskIdHash, infoHash); // Mode 0: base.
  const secret = await extract(hpkeSuite, shared, "secret", nothing);
  const key = await expand(hpkeSuite, secret, "key", context, 32);
  const nonce = await expand(hpkeSuite, secret, "base_nonce", context, 12);
  return joined(enc, new Uint8Array(chacha20poly1305(key, nonce, aad).encrypt(plain)));
}

export const bodyContext: Context = { info: utf8("imece.body.v1"), aad: nothing };

/** Seals a message's body as src/crypto/seal.cc does. */
export async function sealBody(recipient: Bytes, plain: Bytes): Promise<Bytes> {
  return seal(recipient, plain, bodyContext, await makeEphemeral());
}
