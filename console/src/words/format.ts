import { languages, type Language } from "./language";

/** Figures, times and spans as the language writes them. */
export class Format {
  private readonly locale: string;
  private readonly unit: Record<"d" | "h" | "min" | "s", string>;

  constructor(language: Language) {
    this.locale = languages[language].locale;
    this.unit = languages[language].units;
  }

  number(value: number, digits = 0): string {
    return new Intl.NumberFormat(this.locale, { maximumFractionDigits: digits }).format(value);
  }

  /** 0.995 as "99.5%". */
  share(value: number): string {
    const options = { style: "percent", maximumFractionDigits: 1 } as const;
    return new Intl.NumberFormat(this.locale, options).format(value);
  }

  /** "8 s", "3 min 20 s", "5 h 10 min", "2 d 4 h": two units at most, from milliseconds. */
  span(ms: number): string {
    const s = Math.max(0, Math.round(ms / 1000));
    const min = Math.round(s / 60);
    if (s < 60) return `${s} ${this.unit.s}`;
    if (s < 600) return this.two(Math.floor(s / 60), this.unit.min, s % 60, this.unit.s);
    if (min < 60) return `${min} ${this.unit.min}`;
    if (min < 1440) return this.two(Math.floor(min / 60), this.unit.h, min % 60, this.unit.min);
    const h = Math.floor(min / 60);
    return this.two(Math.floor(h / 24), this.unit.d, h % 24, this.unit.h);
  }

  /** A time that the promises are made of: "0.4 s", "12 s", "5 min". */
  seconds(value: number): string {
    if (value >= 60) return this.span(value * 1000);
    if (value < 0.05) return `< ${this.number(0.1, 1)} ${this.unit.s}`;
    return `${this.number(value, value < 10 ? 1 : 0)} ${this.unit.s}`;
  }

  clock(ms: number): string {
    return new Intl.DateTimeFormat(this.locale, {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hour12: false,
    }).format(ms);
  }

  /** To the second, with the day. */
  stamp(ms: number): string {
    return new Intl.DateTimeFormat(this.locale, {
      day: "2-digit",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hour12: false,
    }).format(ms);
  }

  /** With the day, for what may lie far off. */
  moment(ms: number): string {
    return new Intl.DateTimeFormat(this.locale, {
      day: "2-digit",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
      hour12: false,
    }).format(ms);
  }

  private two(large: number, unit: string, small: number, smallUnit: string): string {
    return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
  }
}
