import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { composeWords } from "../src/words/compose";
import { en } from "../src/words/en";
import { Format } from "../src/words/format";
import { tr } from "../src/words/tr";

/** Every path to a word, with the word as it is said of example figures. */
function said(words: object, path = ""): [string, string][] {
  return Object.entries(words).flatMap<[string, string]>(([key, value]) => {
    const here = path === "" ? key : `${path}.${key}`;
    if (typeof value === "function")
      return [[here, value(...Array.from({ length: value.length }, (_, i) => `«${i}»`))]];
    return typeof value === "string" ? [[here, value]] : said(value, here);
  });
}

describe("words", () => {
  it("are the same in both languages, and none is empty", () => {
    const english = said({ ...en, compose: composeWords.en });
    const turkish = said({ ...tr, compose: composeWords.tr });
    expect(turkish.map(([path]) => path)).toEqual(english.map(([path]) => path));
    for (const [path, text] of [...english, ...turkish]) expect(text, path).not.toBe("");
  });
  it("lose no figure in either language", () => {
    const turkish = new Map(said({ ...tr, compose: composeWords.tr }));
    const figures = (text: string) => [...text.matchAll(/«\d»/g)].map(String).sort();
    for (const [path, text] of said({ ...en, compose: composeWords.en }))
      expect(figures(turkish.get(path)!), path).toEqual(figures(text));
  });
});

describe("refusals", () => {
  it("of what the pages ask for are put in words, all that the contracts name", () => {
    const contracts = [
      "messaging/v1/messaging",
      "identity/v1/identity",
      "identity/v1/check_in",
    ].map((name) =>
      readFileSync(new URL(`../../proto/imece/${name}.proto`, import.meta.url), "utf8"),
    );
    const reasonsOf = (rpc: string) => {
      const rules = contracts.join("").split(`rpc ${rpc}(`)[1]!.split("\n  }")[0]!;
      return rules
        .split("reasons: [")[1]!
        .split("]")[0]!
        .match(/[A-Z_]+/g)!;
    };
    for (const rpc of [
      "SubmitMessage",
      "ExplainMessage",
      "CreateEnrolmentToken",
      "EnrolDevice",
      "CreateChallenge",
      "SignInDevice",
      "GetDevice",
      "RevokeDevice",
      "RecordCheckIn",
      "SearchCheckIns",
      "GetCheckIn",
      "EraseCheckIn",
      "CreateUser",
      "ListUsers",
      "DisableUser",
      "EnableUser",
      "EndSessions",
      "ExportUser",
      "EraseUser",
    ])
      for (const reason of reasonsOf(rpc)) {
        if (reason === "AREA_UNSUPPORTED") continue; // The page offers no areas.
        for (const words of [en, tr])
          expect(words.problem.reasons[reason], `${rpc}: ${reason}`).toBeDefined();
      }
  });
});

describe("figures", () => {
  const english = new Format("en");
  const turkish = new Format("tr");
  it("have two units at most", () => {
    expect(english.span(8_400)).toBe("8 s");
    expect(english.span(200_000)).toBe("3 min 20 s");
    expect(english.span(3_600_000)).toBe("1 h");
    expect(english.span(100 * 3_600_000)).toBe("4 d 4 h");
    expect(turkish.span(200_000)).toBe("3 dk 20 sn");
    expect(english.span(-5)).toBe("0 s");
  });
  it("are written as the language writes them", () => {
    expect(english.share(0.9951)).toBe("99.5%");
    expect(turkish.share(0.9951)).toBe("%99,5");
    expect(english.seconds(0.42)).toBe("0.4 s");
    expect(turkish.seconds(0.01)).toBe("< 0,1 sn");
    expect(english.seconds(300)).toBe("5 min");
  });
});
