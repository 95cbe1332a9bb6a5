/** What the site refused, or that it cannot be reached (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly detail: string,
    readonly traceId = "",
    readonly retryAfterS = 0,
  ) {
    super(`${reason}: ${detail}`);
  }

  static unreachable(cause: unknown): Problem {
    return new Problem(0, "SITE_UNREACHABLE", cause instanceof Error ? cause.message : "");
  }

  /** From the body of an application/problem+json. */
  static read(body: Record<string, unknown>, status = Number(body.status ?? 0), retryAfterS = 0) {
    return new Problem(
      status,
      String(body.reason ?? `HTTP_${status}`),
      String(body.detail ?? body.title ?? ""),
      String(body.traceId ?? ""),
      retryAfterS,
    );
  }

  static async of(answer: Response): Promise<Problem> {
    const body = await answer.json().catch(() => ({}));
    return Problem.read(body, answer.status, Number(answer.headers.get("retry-after") ?? 0));
  }

  static from(error: unknown): Problem {
    return error instanceof Problem ? error : new Problem(0, "CONSOLE_ERROR", String(error));
  }

  /** The site has no such route: nothing to wait for. */
  get isAbsent(): boolean {
    return this.reason === "ROUTE_UNKNOWN" || this.status === 501;
  }
}
