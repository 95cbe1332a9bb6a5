import { beforeEach, describe, expect, it } from "vitest";
import { firstClass, roomOf, type Draft } from "../src/compose/draft";
import { forget, type Keep, type KeptDevice } from "../src/compose/keep";
import { makeEphemeral } from "../src/compose/hpke";
import { deviceIdOf } from "../src/compose/keys";
import { enrol, Sender, type Deps } from "../src/compose/sender";
import { fromBase64, joined, toHex, utf8, type Bytes } from "../src/proof/bytes";
import { sha256 } from "../src/proof/merkle";
import { isSignedIn } from "../src/proof/signature";

interface Submission {
  envelope: string;
  signature: string;
  credential: { credential: string };
}

/** A site that takes devices and messages, and checks each signature as the real one does. */
class FakeSite {
  now = Date.parse("2026-01-01T00:00:00Z");
  kept = new Map<string, KeptDevice>();
  key: Bytes = new Uint8Array();
  enrolment: Record<string, unknown> = {};
  submitted: Submission[] = [];
  tokens = 0;
  /** Fails the next submissions so, after they have arrived. */
  failures: (() => Response)[] = [];
  revoked: string[] = [];
  readonly deps: Deps;

  constructor() {
    const keep: Keep = {
      read: async (userId) => this.kept.get(userId),
      write: async (device) => void this.kept.set(device.userId, device),
      remove: async (userId) => void this.kept.delete(userId),
    };
    const fetcher = (async (path: string, init: RequestInit) =>
      this.answer(path, JSON.parse(String(init.body)))) as typeof fetch;
    const client = { post: (path: string, body: unknown) => this.asUser(path, body) as never };
    this.deps = { fetcher, client, keep, siteNow: () => this.now };
  }

  async asUser(path: string, body: unknown): Promise<unknown> {
    if (path.endsWith(":revoke")) return this.revoked.push(path);
    expect(path).toBe("/v1/enrolment-tokens");
    this.enrolment = body as Record<string, unknown>;
    return { token: "once" };
  }

  private async answer(path: string, body: Record<string, string>): Promise<Response> {
    if (path === "/v1/devices") {
      this.key = fromBase64(body.publicKey!);
      const proven = joined(await sha256(utf8("once")), this.key);
      await this.check("imece.enrol.v1", proven, body.proof!);
      return json({ device: { classes: this.enrolment.classes } });
    }
    if (path.endsWith(":challenge")) return json({ challenge: btoa("c".repeat(32)) });
    if (path.endsWith(":signIn")) {
      await this.check("imece.challenge.v1", fromBase64(body.challenge!), body.signature!);
      const session = {
        accessToken: `access${++this.tokens}`,
        accessExpiresAt: new Date(this.now + 900_000).toISOString(),
      };
      return json({ session, credential: { credential: `of ${this.tokens}`, signature: "" } });
    }
    expect(path).toBe("/v1/messages");
    const submission = body as unknown as Submission;
    const envelope = fromBase64(submission.envelope);
    await this.check("imece.envelope.v1", envelope, submission.signature);
    this.submitted.push(submission);
    return (this.failures.shift() ?? (() => json({})))();
  }

  private async check(domain: string, bytes: Bytes, signature: string) {
    expect(await isSignedIn(domain, this.key, bytes, fromBase64(signature)), domain).toBe(true);
  }
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
const lost = () => {
  throw new TypeError("Failed to fetch");
};
const refusal = (status: number, reason: string) => () => json({ reason, status }, status);

let site: FakeSite;
let draft: Draft;
const user = "0190c8e2-0000-7000-8000-000000000000";

beforeEach(async () => {
  site = new FakeSite();
  const { publicKey: sealKey } = await makeEphemeral();
  draft = {
    to: { kind: "device", id: "00".repeat(16), name: "Ali", sealKey, fingerprint: "" },
    priority: "COMMUNICATION",
    ttlS: 0,
    clear: { kind: "", cell: "", people: 0, language: "" },
    text: "Su geldi.",
  };
});

const enrolled = async () => new Sender(site.deps, await enrol(site.deps, user, ["COMMUNICATION"]));

describe("a browser that enrols", () => {
  it("becomes the user's device, with the classes that were chosen and no more", async () => {
    const { kept } = await enrolled();
    expect(site.enrolment).toEqual({
      quota: 1,
      expiresIn: "3600s",
      classes: ["COMMUNICATION"],
      ownerUserId: user,
    });
    expect(kept).toMatchObject({
      deviceId: await deviceIdOf(site.key),
      classes: ["COMMUNICATION"],
    });
    expect(site.kept.get(user)).toBe(kept);
  });
  it("has a key that cannot be read out", async () => {
    const { kept } = await enrolled();
    expect(kept.signingKey.extractable).toBe(false);
    for (const format of ["pkcs8", "jwk"] as const)
      await expect(crypto.subtle.exportKey(format, kept.signingKey)).rejects.toThrow();
  });
  it("keeps nothing where the site refused it", async () => {
    site.deps.client.post = () => Promise.reject(new Error("no"));
    await expect(enrolled()).rejects.toThrow();
    expect(site.kept.size).toBe(0);
  });
});

describe("a message", () => {
  it("goes out signed, with a fresh credential, and is forgotten once acknowledged", async () => {
    const sender = await enrolled();
    await sender.write(draft, true);
    const { messageId } = sender.kept.unsent!;
    expect(await sender.send()).toBe(messageId);
    expect(site.submitted[0]!.credential.credential).toBe("of 1");
    expect(site.kept.get(user)!.unsent).toBeUndefined();
  });
  it("is nowhere kept or sent as it was written", async () => {
    const sender = await enrolled();
    await sender.write(draft, true);
    const { envelope, ...rest } = sender.kept.unsent!;
    expect(JSON.stringify(rest)).not.toContain(draft.text);
    expect(toHex(fromBase64(envelope))).not.toContain(toHex(utf8(draft.text)));
  });
  it("is the same, byte for byte, as often as it is sent again", async () => {
    const sender = await enrolled();
    await sender.write(draft, false);
    site.failures = [lost, refusal(503, "STORE_DOWN")];
    await expect(sender.send()).rejects.toMatchObject({ reason: "SITE_UNREACHABLE" });
    await expect(sender.send()).rejects.toMatchObject({ reason: "STORE_DOWN" });
    site.now += 3_600_000;
    await sender.send();
    expect(new Set(site.submitted.map((one) => one.envelope + one.signature)).size).toBe(1);
    expect(site.submitted.length).toBe(3);
  });
  it("outlives a reload until it is acknowledged", async () => {
    const sender = await enrolled();
    await sender.write(draft, false);
    site.failures = [lost];
    await expect(sender.send()).rejects.toThrow();
    const again = new Sender(site.deps, site.kept.get(user)!);
    expect(await again.send()).toBe(sender.kept.unsent!.messageId);
    expect(site.submitted[1]!.envelope).toBe(site.submitted[0]!.envelope);
  });
  it("is sent once more with a new token where the old one is refused", async () => {
    const sender = await enrolled();
    await sender.write(draft, false);
    site.failures = [refusal(401, "TOKEN_REVOKED")];
    await sender.send();
    expect(site.tokens).toBe(2);
  });
  it("can be dropped, and the next one has another id", async () => {
    const sender = await enrolled();
    await sender.write(draft, false);
    const { messageId } = sender.kept.unsent!;
    await sender.drop(messageId);
    expect(site.kept.get(user)!.unsent).toBeUndefined();
    await sender.write(draft, false);
    expect(sender.kept.unsent!.messageId).not.toBe(messageId);
  });
});

describe("a session of the device", () => {
  it("is used again until its end draws near", async () => {
    const sender = await enrolled();
    for (const [wait, tokens] of [
      [0, 1],
      [600_000, 1],
      [100_000, 2],
    ]) {
      site.now += wait!;
      await sender.write(draft, false);
      await sender.send();
      expect(site.tokens).toBe(tokens);
    }
  });
});

describe("forgetting", () => {
  it("deletes the keys and has the device revoked", async () => {
    const { kept } = await enrolled();
    await forget(site.deps.keep, user, (path, body) => site.asUser(path, body));
    expect(site.kept.size).toBe(0);
    expect(site.revoked).toEqual([`/v1/devices/${kept.deviceId}:revoke`]);
  });
  it("deletes the keys also where the site cannot be told, and says so", async () => {
    await enrolled();
    await expect(
      forget(site.deps.keep, user, () => Promise.reject(new Error("gone"))),
    ).rejects.toThrow();
    expect(site.kept.size).toBe(0);
  });
  it("is not undone by another tab that still has the device", async () => {
    const sender = await enrolled();
    await site.deps.keep.remove(user);
    await expect(sender.write(draft, false)).rejects.toMatchObject({ reason: "DEVICE_FORGOTTEN" });
    expect(site.kept.size).toBe(0);
  });
});

describe("a draft", () => {
  it("is counted in bytes, of which a letter has one to four", () => {
    expect(roomOf("")).toEqual({ used: 0, max: 16_336, over: false });
    expect(roomOf("ışık").used).toBe(7);
    expect(roomOf("a".repeat(16_336)).over).toBe(false);
    expect(roomOf("a".repeat(16_337)).over).toBe(true);
    expect(roomOf("abc", 50)).toEqual({ used: 3, max: 2, over: true });
  });
  it("begins with the class for words, or the least urgent that there is", () => {
    expect(firstClass(["LIFE_CRITICAL", "COMMUNICATION", "MAINTENANCE"])).toBe("COMMUNICATION");
    expect(firstClass(["LIFE_CRITICAL", "OPERATIONAL"])).toBe("OPERATIONAL");
  });
});
