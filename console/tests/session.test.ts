import { describe, expect, it } from "vitest";
import { Client } from "../src/api/client";
import { Session } from "../src/api/session";

/** A site of which a test says how it answers; it notes what it was asked. */
class FakeSite {
  calls: string[] = [];
  now = 0;
  refreshes = 0;
  answers: Record<string, () => Response> = {};
  kept = new Map<string, string>();
  readonly session: Session;
  readonly client: Client;

  constructor() {
    const keep = {
      getItem: (key: string) => this.kept.get(key) ?? null,
      setItem: (key: string, value: string) => void this.kept.set(key, value),
      removeItem: (key: string) => void this.kept.delete(key),
    };
    const fetcher = async (path: string, init: RequestInit) => this.answer(path, init);
    this.session = new Session(fetcher as typeof fetch, keep, () => this.now);
    this.client = new Client(fetcher as typeof fetch, this.session);
    this.answers["/v1/sessions"] = () => json(this.tokens());
    this.answers["/v1/sessions:refresh"] = () => json(this.tokens(++this.refreshes));
    this.answers["/v1/sessions:logout"] = () => json({});
    this.answers["/v1/users/u1"] = () =>
      json({ userId: "u1", name: "ayse", roles: ["DISPATCHER"] });
  }

  tokens(n = 0) {
    return {
      accessToken: `access${n}`,
      accessExpiresAt: new Date(this.now + 1000).toISOString(),
      refreshToken: `refresh${n}`,
      refreshExpiresAt: "2030-01-01T00:00:00Z",
      subject: "u1",
    };
  }

  private async answer(path: string, init: RequestInit): Promise<Response> {
    const bearer = new Headers(init.headers).get("authorization") ?? "";
    this.calls.push(`${path} ${bearer}`.trim());
    const make = this.answers[path];
    if (!make) throw new TypeError("Failed to fetch");
    return make();
  }
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}
const refusal = (status: number, reason: string) => () => json({ reason, status }, status);

describe("a session", () => {
  it("knows who signed in and with which roles", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    expect(site.session.signedIn).toMatchObject({ user: { name: "ayse" }, roles: ["DISPATCHER"] });
  });
  it("tells why it refused", async () => {
    const site = new FakeSite();
    site.answers["/v1/sessions"] = refusal(401, "LOGIN_REFUSED");
    await expect(site.session.signIn("ayse", "x")).rejects.toMatchObject({
      reason: "LOGIN_REFUSED",
    });
    expect(site.session.signedIn).toBeUndefined();
  });
  it("keeps the refresh token for a reload, and the access token nowhere", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    expect([...site.kept.values()]).toEqual(["refresh0"]);
    const again = new FakeSite();
    again.kept = site.kept;
    await again.session.resume();
    expect(again.session.signedIn?.user.name).toBe("ayse");
    expect([...again.kept.values()]).toEqual(["refresh1"]);
  });
  it("renews its token before that ends, once for any number of calls", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    site.answers["/v1/x"] = () => json({});
    site.now = 699;
    await site.client.get("/v1/x");
    expect(site.refreshes).toBe(0);
    site.now = 701;
    await Promise.all([site.client.get("/v1/x"), site.client.get("/v1/x")]);
    expect(site.refreshes).toBe(1);
    expect(site.calls.slice(-2)).toEqual(["/v1/x Bearer access1", "/v1/x Bearer access1"]);
  });
  it("renews a token that was refused, and asks once more", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    let refusals = 1;
    site.answers["/v1/x"] = () =>
      refusals-- > 0 ? refusal(401, "TOKEN_REVOKED")() : json({ fine: true });
    expect(await site.client.get("/v1/x")).toEqual({ fine: true });
  });
  it("ends when the site says so, and says that it did not end by itself", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    site.answers["/v1/x"] = refusal(401, "TOKEN_REVOKED");
    site.answers["/v1/sessions:refresh"] = refusal(401, "REFRESH_REFUSED");
    await expect(site.client.get("/v1/x")).rejects.toMatchObject({ status: 401 });
    expect(site.session.signedIn).toBeUndefined();
    expect(site.session.ended).toBe(true);
    // A call that comes after finds nobody signed in, and the reason stays.
    await site.session.renew();
    expect(site.session.ended).toBe(true);
    expect(site.kept.size).toBe(0);
  });
  it("outlives a site that cannot be reached", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    delete site.answers["/v1/sessions:refresh"];
    site.now = 900;
    await expect(site.client.get("/v1/x")).rejects.toMatchObject({ reason: "SITE_UNREACHABLE" });
    expect(site.session.signedIn).toBeDefined();
    expect(site.kept.size).toBe(1);
  });
  it("is gone after signing out, also where the site does not answer", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    delete site.answers["/v1/sessions:logout"];
    await site.session.signOut();
    expect(site.session.signedIn).toBeUndefined();
    expect(site.session.ended).toBe(false);
    expect(site.kept.size).toBe(0);
  });
});

describe("signing out", () => {
  it("is over here at once, and leaves a good token for what is done last", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    site.now = 2_000;
    const leaving = site.session.signOut(async (token) => site.calls.push(`last ${token}`));
    expect(site.session.signedIn).toBeUndefined();
    await leaving;
    const last = ["/v1/sessions:refresh", "last access1", "/v1/sessions:logout Bearer access1"];
    expect(site.calls.slice(-3)).toEqual(last);
    expect(site.kept.size).toBe(0);
  });
  it("ends the session also where the last thing fails", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    await site.session.signOut(() => Promise.reject(new Error("no")));
    expect(site.calls.at(-1)).toBe("/v1/sessions:logout Bearer access0");
  });
  it("is not undone by a renewal that was under way", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    const renewing = site.session.renew();
    await site.session.signOut();
    await renewing;
    expect(site.kept.size).toBe(0);
    expect(await site.session.token()).toBe("");
  });
});

describe("a stream", () => {
  it("gives events as they come, in whatever pieces", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    const pieces = [
      ": open\n\n",
      "id: 1\nda",
      'ta: {"a":1}\n',
      '\n: still here\n\nid: 2\ndata: {"a":2}\n\n',
    ];
    site.answers["/v1/watch"] = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
            controller.close();
          },
        }),
      );
    const got: unknown[] = [];
    await site.client.stream("/v1/watch", (value) => got.push(value), new AbortController().signal);
    expect(got).toEqual([{ a: 1 }, { a: 2 }]);
  });
  it("ends with the problem that the site sends", async () => {
    const site = new FakeSite();
    await site.session.signIn("ayse", "secret");
    site.answers["/v1/watch"] = () =>
      new Response('event: error\ndata: {"reason":"SHUTTING_DOWN","status":503}\n\n');
    const watching = site.client.stream("/v1/watch", () => {}, new AbortController().signal);
    await expect(watching).rejects.toMatchObject({ reason: "SHUTTING_DOWN", status: 503 });
  });
});
