import { call, open, type Request } from "./call";
import { EventReader } from "./events";
import { Problem } from "./problem";
import type { Session } from "./session";

/** Calls in the name of who is signed in; a token that ran out is renewed once on the way. Errors: Problem. */
export class Client {
  constructor(
    private readonly fetcher: typeof fetch,
    private readonly session: Session,
  ) {}

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.signed((request) => call<T>(this.fetcher, path, request), signal ? { signal } : {});
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.signed((request) => call<T>(this.fetcher, path, request), { body });
  }

  /** Gives each event's data to `take` until the site ends the stream or `signal` aborts. */
  async stream<T>(path: string, take: (value: T) => void, signal: AbortSignal): Promise<void> {
    const answer = await this.signed((request) => open(this.fetcher, path, request), { signal });
    const pieces = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const reader = new EventReader();
    for (;;) {
      const { done, value } = await pieces.read().catch((error) => {
        throw Problem.unreachable(error);
      });
      if (done) return;
      for (const { name, data } of reader.take(value)) {
        if (name === "error") throw Problem.read(JSON.parse(data));
        take(JSON.parse(data));
      }
    }
  }

  private async signed<T>(send: (request: Request) => Promise<T>, request: Request): Promise<T> {
    const token = await this.session.token();
    try {
      return await send({ ...request, token });
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) throw error;
      await this.session.renew();
      return send({ ...request, token: await this.session.token() });
    }
  }
}
