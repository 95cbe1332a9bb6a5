// `node run.mjs SCENARIO`: plays one scenario of the modules below in headless Chromium, as tests/e2e/test_console*.py ask.
// Environment: URL of the site, CHROMIUM, SCREENS (a directory for screenshots), KNOWN (JSON that the scenario needs).
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import * as compose from "./compose.mjs";
import * as people from "./people.mjs";
import * as everything from "./scenarios.mjs";

const { URL: url, CHROMIUM: program, SCREENS: screens } = process.env;
const known = JSON.parse(process.env.KNOWN ?? "{}");
const name = process.argv[2];
mkdirSync(screens, { recursive: true });

const browser = await chromium.launch({
  executablePath: program,
  // Draws the map without a graphics card.
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
const wrong = [];

/** A fresh browser of its own, which notes whatever must never happen. */
async function open(options = {}) {
  const context = await browser.newContext({
    locale: "en-GB",
    timezoneId: "Europe/Istanbul",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("blob:"))
      wrong.push(`asked another origin: ${request.url().slice(0, 100)}`);
  });
  page.on("pageerror", (error) => wrong.push(`threw: ${error.stack}`));
  page.on("console", (message) => {
    const text = message.text();
    // The browser notes each answer of 4xx and 5xx, and a scenario may ask for these.
    if (message.type() === "error" && !text.startsWith("Failed to load resource"))
      wrong.push(`console: ${text}`);
  });
  const look = (label) => page.screenshot({ path: join(screens, `${label}.png`), fullPage: true });
  return { page, context, look };
}

try {
  await { ...everything, ...compose, ...people }[name]({ url, known, open });
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
} catch (error) {
  console.error(error.stack);
  for (const context of browser.contexts())
    for (const page of context.pages())
      await page.screenshot({ path: join(screens, `${name}_failed.png`) });
  process.exitCode = 1;
} finally {
  await browser.close();
}
