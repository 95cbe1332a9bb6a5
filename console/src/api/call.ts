// One plain call to the site: JSON in, JSON out, trouble as a Problem.
import { Problem } from "./problem";

export interface Request {
  body?: unknown;
  token?: string;
  signal?: AbortSignal;
}

/** The answer with its body unread, which may be a stream. Errors: Problem. */
export async function open(fetcher: typeof fetch, path: string, request: Request = {}) {
  const headers: Record<string, string> = {};
  if (request.body !== undefined) headers["content-type"] = "application/json";
  if (request.token) headers.authorization = `Bearer ${request.token}`;
  const init: RequestInit = { headers, cache: "no-store" };
  if (request.signal) init.signal = request.signal;
  if (request.body !== undefined) {
    init.method = "POST";
    init.body = JSON.stringify(request.body);
  }
  let answer: Response;
  try {
    answer = await fetcher(path, init);
  } catch (error) {
    throw Problem.unreachable(error);
  }
  if (!answer.ok) throw await Problem.of(answer);
  return answer;
}

export async function call<T>(fetcher: typeof fetch, path: string, request?: Request): Promise<T> {
  const answer = await open(fetcher, path, request);
  return answer.json();
}
