import { call } from "./call";
import { Problem } from "./problem";
import type { Role, Tokens, User } from "./types";

/** Who is signed in. The access token never leaves memory; the refresh token outlives a reload of its tab. */
export interface SignedIn {
  user: User;
  roles: Role[];
}

export interface Keep {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const kept = "imece.refresh";
// A token is renewed once so much of its life is over: a call must not meet its end on the way.
const renewAfter = 0.7;

export class Session {
  private access = "";
  private subject = "";
  private renewAt = 0;
  private renewing: Promise<void> | undefined;
  private listeners = new Set<() => void>();
  signedIn: SignedIn | undefined;
  /** The site ended the session; the person did not. */
  ended = false;

  /** `siteNow` gives the site's time in ms, by which tokens expire. */
  constructor(
    private readonly fetcher: typeof fetch,
    private readonly keep: Keep,
    private readonly siteNow: () => number,
  ) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Errors: Problem LOGIN_REFUSED, LOGIN_BUSY, SITE_UNREACHABLE. */
  async signIn(name: string, password: string): Promise<void> {
    this.take(await call<Tokens>(this.fetcher, "/v1/sessions", { body: { name, password } }));
    await this.learnUser();
  }

  /** Goes on with the session of this tab, if it had one. */
  async resume(): Promise<void> {
    if (this.keep.getItem(kept) === null) return;
    await this.renew();
    if (this.access !== "") await this.learnUser();
  }

  /** Over here at once. `last` is done with a token that is still good, before the site refuses it. */
  async signOut(last: (token: string) => Promise<unknown> = async () => undefined): Promise<void> {
    let { access } = this;
    const refreshToken = this.siteNow() < this.renewAt ? null : this.keep.getItem(kept);
    this.forget(false);
    if (refreshToken !== null)
      await call<Tokens>(this.fetcher, "/v1/sessions:refresh", { body: { refreshToken } }).then(
        (tokens) => (access = tokens.accessToken),
        () => undefined, // The old one may still do.
      );
    await last(access).catch(() => undefined);
    await call(this.fetcher, "/v1/sessions:logout", { body: {}, token: access }).catch(
      () => undefined, // Gone here in any case.
    );
  }

  /** A token that is good for the next call; empty when nobody is signed in. */
  async token(): Promise<string> {
    if (this.access !== "" && this.siteNow() >= this.renewAt) await this.renew();
    return this.access;
  }

  /** After a token was refused although its time had not come. */
  async renew(): Promise<void> {
    this.renewing ??= this.exchange().finally(() => (this.renewing = undefined));
    await this.renewing;
  }

  private async exchange(): Promise<void> {
    const refreshToken = this.keep.getItem(kept);
    if (refreshToken === null) return this.forget(true);
    try {
      const body = { refreshToken };
      const tokens = await call<Tokens>(this.fetcher, "/v1/sessions:refresh", { body });
      // Who signed out meanwhile stays so.
      if (this.keep.getItem(kept) === refreshToken) this.take(tokens);
    } catch (error) {
      // A site that cannot be reached has not ended the session.
      if (error instanceof Problem && error.reason === "REFRESH_REFUSED") return this.forget(true);
      throw error;
    }
  }

  private take(tokens: Tokens): void {
    this.access = tokens.accessToken;
    this.subject = tokens.subject;
    const life = Date.parse(tokens.accessExpiresAt) - this.siteNow();
    this.renewAt = this.siteNow() + life * renewAfter;
    this.keep.setItem(kept, tokens.refreshToken);
  }

  private async learnUser(): Promise<void> {
    const user = await call<User>(this.fetcher, `/v1/users/${this.subject}`, {
      token: this.access,
    });
    this.signedIn = { user, roles: user.roles ?? [] };
    this.ended = false;
    this.tell();
  }

  private forget(ended: boolean): void {
    const was = this.signedIn !== undefined || this.keep.getItem(kept) !== null;
    this.access = "";
    this.keep.removeItem(kept);
    this.signedIn = undefined;
    // Of calls that fail together the first says why; the others find nobody signed in.
    if (was) this.ended = ended;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
