// This browser as a device of one user: it makes its keys, enrols, and sends what it signed until that is acknowledged.
import { call } from "../api/call";
import type { Client } from "../api/client";
import { Problem } from "../api/problem";
import type { Device, DeviceSession, Priority, SignedCredential } from "../api/types";
import { fromBase64, fromHex, joined, toBase64, toUuid, utf8, type Bytes } from "../proof/bytes";
import { sha256 } from "../proof/merkle";
import type { Draft } from "./draft";
import { encodeEnvelope, makeUuid7 } from "./envelope";
import { makeEphemeral, sealBody } from "./hpke";
import type { Keep, KeptDevice, Unsent } from "./keep";
import { deviceIdOf } from "./keys";

export interface Deps {
  fetcher: typeof fetch;
  /** Calls as the user. */
  client: Pick<Client, "post">;
  keep: Keep;
  siteNow: () => number;
}

/** Whether the browser has what it takes; without TLS it hides its cryptography from every page but the machine's own. */
export async function ability(): Promise<"able" | "insecure" | "outdated"> {
  if (!globalThis.crypto?.subtle) return "insecure";
  try {
    await Promise.all([makeSigningKeys(), makeEphemeral()]);
    return "able";
  } catch {
    return "outdated";
  }
}

/** The private half cannot be read out, by no script. */
function makeSigningKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

async function sign(key: CryptoKey, domain: string, bytes: Bytes): Promise<string> {
  const said = joined(utf8(`${domain}\0`), bytes);
  return toBase64(new Uint8Array(await crypto.subtle.sign("Ed25519", key, said)));
}

// It is used at once, but by a clock that may run a hundred times as fast.
const tokenLife = "3600s";
// Some of a token's life is left for the call that carries it.
const renewAfter = 0.7;

/** Makes this browser a device of the user, which may send these classes. Errors: Problem. */
export async function enrol(deps: Deps, userId: string, classes: Priority[]): Promise<KeptDevice> {
  const pair = await makeSigningKeys();
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const { token } = await deps.client.post<{ token: string }>("/v1/enrolment-tokens", {
    quota: 1,
    expiresIn: tokenLife,
    classes,
    ownerUserId: userId,
  });
  const proven = joined(await sha256(utf8(token)), publicKey);
  const proof = await sign(pair.privateKey, "imece.enrol.v1", proven);
  const { device } = await call<{ device: Device }>(deps.fetcher, "/v1/devices", {
    body: {
      enrolmentToken: token,
      publicKey: toBase64(publicKey),
      proof,
      label: "console",
    },
  });
  const kept: KeptDevice = {
    userId,
    deviceId: await deviceIdOf(publicKey),
    publicKey,
    signingKey: pair.privateKey,
    classes: device.classes ?? [],
  };
  await deps.keep.write(kept);
  return kept;
}

export class Sender {
  private session: { token: string; renewAt: number; credential: SignedCredential } | undefined;

  constructor(
    private readonly deps: Deps,
    public kept: KeptDevice,
  ) {}

  /** Seals and signs the draft, and keeps it as the message that is to be sent. */
  async write(draft: Draft, exercise: boolean): Promise<void> {
    const now = this.deps.siteNow();
    const messageId = makeUuid7(now);
    const envelope = encodeEnvelope({
      messageId,
      sender: fromHex(this.kept.deviceId),
      to: { kind: draft.to.kind, id: fromHex(draft.to.id) },
      priority: draft.priority,
      sentAtMs: now,
      ttlS: draft.ttlS,
      exercise,
      clear: draft.clear,
      sealedBody: await sealBody(draft.to.sealKey, utf8(draft.text)),
    });
    const unsent: Unsent = {
      messageId: toUuid(messageId),
      envelope: toBase64(envelope),
      signature: await sign(this.kept.signingKey, "imece.envelope.v1", envelope),
      to: draft.to.name,
      priority: draft.priority,
      writtenAt: now,
    };
    await this.change((stored) => ({ ...stored, unsent }));
  }

  /** Submits what is unsent, again as often as it takes: the id makes that safe. Its id, once it is acknowledged. */
  async send(): Promise<string> {
    const { messageId } = this.kept.unsent!;
    await this.submit().catch((error) => {
      if (!(error instanceof Problem && error.status === 401)) throw error;
      this.session = undefined;
      return this.submit();
    });
    await this.drop(messageId);
    return messageId;
  }

  /** No longer tries to send it; it may have arrived all the same. */
  drop(messageId: string): Promise<void> {
    return this.change(({ unsent, ...rest }) =>
      unsent && unsent.messageId !== messageId ? { ...rest, unsent } : rest,
    );
  }

  private async submit(): Promise<void> {
    const { envelope, signature } = this.kept.unsent!;
    const { token, credential } = await this.signedIn();
    const body = { envelope, signature, credential };
    await call(this.deps.fetcher, "/v1/messages", { body, token });
  }

  private async signedIn() {
    if (this.session && this.deps.siteNow() < this.session.renewAt) return this.session;
    const path = `/v1/devices/${this.kept.deviceId}`;
    const { fetcher, siteNow } = this.deps;
    const { challenge } = await call<{ challenge: string }>(fetcher, `${path}:challenge`, {
      body: {},
    });
    const key = this.kept.signingKey;
    const signature = await sign(key, "imece.challenge.v1", fromBase64(challenge));
    const { session, credential } = await call<DeviceSession>(fetcher, `${path}:signIn`, {
      body: { challenge, signature },
    });
    const life = Date.parse(session.accessExpiresAt) - siteNow();
    const renewAt = siteNow() + life * renewAfter;
    return (this.session = { token: session.accessToken, renewAt, credential });
  }

  /** Another tab may have forgotten the device meanwhile: its keys do not come back. */
  private async change(make: (stored: KeptDevice) => KeptDevice): Promise<void> {
    const stored = await this.deps.keep.read(this.kept.userId);
    if (stored?.deviceId !== this.kept.deviceId)
      throw new Problem(0, "DEVICE_FORGOTTEN", "another tab forgot this device");
    this.kept = make(stored!);
    await this.deps.keep.write(this.kept);
  }
}
