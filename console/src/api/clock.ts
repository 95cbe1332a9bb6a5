import { call } from "./call";
import type { Site } from "./types";

/** The site's time, which in an exercise may run faster than the wall's. */
export class SiteClock {
  private at = Date.now();
  private siteAt = this.at;
  private scale = 1;

  constructor(private readonly wall: () => number = Date.now) {}

  now(): number {
    return this.siteAt + (this.wall() - this.at) * this.scale;
  }

  set(site: Site): void {
    this.at = this.wall();
    this.siteAt = Date.parse(site.now);
    this.scale = site.timeScale || 1;
  }

  /** Site time for so much wall time. */
  span(wallMs: number): number {
    return wallMs * this.scale;
  }
}

export async function readSite(fetcher: typeof fetch, clock: SiteClock): Promise<Site> {
  const site = await call<Site>(fetcher, "/v1/site");
  clock.set(site);
  return site;
}
