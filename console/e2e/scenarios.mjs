// What a person does in the console, and what must come of it.
import assert from "node:assert/strict";
import { asOperator, goTo, signIn, tabTo, violations } from "./person.mjs";

const pages = ["", "map", "messages", "emergencies", "ledger", "audit"];

/** A call of another session, as somebody else makes it meanwhile. */
async function elsewhere({ url, known }, path, body) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${known.token}` };
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.json();
}

export async function signs_in_and_out(site) {
  const { page, look } = await site.open();
  await page.goto(site.url);
  await page.getByLabel("Name").fill("operator");
  await page.getByLabel("Password").fill("wrong, I am afraid");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Name or password is wrong.").waitFor();
  await look("sign_in");
  await page.getByLabel("Password").fill(site.known.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.getByText("EXERCISE").waitFor();
  const stored = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
  assert.ok(!/eyJ/.test(stored), "the access token is stored nowhere");
  await page.reload();
  await page.getByText("operator · operator").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
}

export async function makes_the_first_operator(site) {
  const { page, look } = await site.open();
  await page.goto(`${site.url}/setup#token=${site.known.setupToken}`);
  await page.getByLabel("Name").fill("ayse");
  await page.getByLabel("Password").fill(site.known.password);
  assert.ok(!page.url().includes(site.known.setupToken), "the token does not stay in the address");
  await look("set_up");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("is made").waitFor();
  await page.getByRole("link", { name: "Sign in" }).click();
  await signIn(page, site.url, "ayse", site.known.password);
}

export async function sees_what_changes_meanwhile(site) {
  const { page, look } = await site.open();
  await asOperator(page, site);
  await page.getByText("a few").or(page.locator(".classes")).first().waitFor();
  await page.locator(".counts b").first().waitFor();
  await look("overview");
  assert.equal(await page.locator(".banner.level").count(), 0);
  const { emergencyId } = await elsewhere(site, "/v1/emergencies", {
    level: "CRISIS",
    area: "hatay",
    cause: "drill",
    durationS: 600,
  });
  await page.locator(".banner.level.crisis").getByText("hatay").waitFor();
  await page.getByText("CRISIS in hatay expires").waitFor();
  await look("overview_crisis");
  await elsewhere(site, `/v1/emergencies/${emergencyId}:end`, { cause: "over" });
  await page.locator(".banner.level").waitFor({ state: "detached" });
}

export async function says_when_what_it_shows_is_old(site) {
  const { page, context, look } = await site.open();
  await asOperator(page, site);
  await page.locator(".counts b").first().waitFor();
  await context.setOffline(true);
  await page.locator(".banner.old").waitFor({ timeout: 30_000 });
  await page.getByRole("listitem").getByText("The site cannot be reached.").waitFor();
  await page.locator(".fresh.old").first().waitFor({ timeout: 60_000 });
  await look("overview_old");
  await context.setOffline(false);
  await page.locator(".banner.old").waitFor({ state: "detached", timeout: 60_000 });
  await page.locator(".fresh.old").first().waitFor({ state: "detached", timeout: 60_000 });
}

export async function declares_and_ends_by_keyboard_alone(site) {
  const { page, look } = await site.open();
  await page.goto(site.url);
  await tabTo(page, page.getByLabel("Name"));
  await page.keyboard.type("operator");
  await page.keyboard.press("Tab");
  await page.keyboard.type(site.known.password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await tabTo(page, page.getByRole("link", { name: "Emergencies" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Emergencies" }).waitFor();

  await tabTo(page, page.locator("[name=level]"));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.type("antakya");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("a drill");
  await page.keyboard.press("Enter");
  await page.getByText("CRISIS in antakya").waitFor();
  await look("emergency_asked");
  await tabTo(page, page.getByRole("button", { name: "Declare", exact: true }));
  await page.keyboard.press("Enter");
  await page.getByText(/In effect: final in block/).waitFor();
  await page.locator(".banner.level.crisis").getByText("antakya").waitFor();
  await look("emergencies");

  await tabTo(page, page.getByRole("button", { name: "End …" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.locator("[name=end-cause]"));
  await page.keyboard.type("all clear");
  await page.keyboard.press("Enter");
  await page.getByText("No emergency is in force.").waitFor();

  await tabTo(page, page.getByRole("link", { name: "Go to the content" })).catch(() => undefined);
  await goTo(page, "Ledger");
  await page.getByRole("cell", { name: "CRISIS" }).first().waitFor();
}

export async function checks_proofs_itself(site) {
  const { page, look } = await site.open();
  await asOperator(page, site);
  await goTo(page, "Ledger");
  await page.getByText("All of it holds.").first().waitFor();
  await page.getByLabel("Transaction or receipt").fill(JSON.stringify(site.known.receipt));
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText("The receipt is among them").waitFor();
  await look("ledger");

  await page.goto(`${site.url}/#/ledger/0`);
  const block = page.locator(".panel", { hasText: "Block 0" });
  await block.getByText("It is in the history of block").waitFor();
  await block.getByText("All of it holds.").waitFor();
  await look("ledger_block");

  // Somebody between the site and us changes one byte of the receipt's block.
  await page.route("**/v1/ledger/receipts/**", async (route) => {
    const answer = await route.fetch();
    const proof = await answer.json();
    const header = Buffer.from(proof.anchor.block.encodedHeader, "base64");
    header[header.length - 1] ^= 1;
    proof.anchor.block.encodedHeader = header.toString("base64");
    await route.fulfill({ response: answer, json: proof });
  });
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText("It does NOT hold.").waitFor();
}

export async function checks_the_audit_log_itself(site) {
  const { page, look } = await site.open();
  await asOperator(page, site);
  await goTo(page, "Audit");
  await page.getByText("This browser saw it for the first time now").waitFor();
  await page.getByText("All of it holds.").waitFor();
  await page
    .getByRole("button", { name: /^Check \d+$/ })
    .first()
    .click();
  await page.getByText("The record is in the log").waitFor();
  await look("audit");
  await page.reload();
  await page.getByText(/The log goes on from the \d+ records/).waitFor();
  await page.getByText("All of it holds.").waitFor();
}

export async function speaks_both_languages(site) {
  const { page, look } = await site.open({ locale: "tr-TR" });
  await page.goto(site.url);
  await page.getByRole("heading", { name: "Giriş" }).waitFor();
  await page.getByLabel("Ad", { exact: true }).fill("operator");
  await page.getByLabel("Parola").fill(site.known.password);
  await page.getByRole("button", { name: "Giriş yap" }).click();
  await page.getByRole("heading", { name: "Genel durum" }).waitFor();
  await page.getByText("TATBİKAT").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "tr");
  await page.locator(".counts b").first().waitFor();
  await look("overview_tr");
  await page.getByLabel("Dil").selectOption("en");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
}

export async function shows_the_mesh(site) {
  const { page, look } = await site.open();
  await asOperator(page, site);
  await goTo(page, "Map");
  await page.locator(".map canvas").waitFor();
  await page.waitForFunction(() => document.querySelector(".map canvas")?.width > 0);
  await page.goto(`${site.url}/#/map/${site.known.node}`);
  await page.getByText(site.known.node).waitFor();
  await page.getByText("36.2021").waitFor();
  // Its own frames are all there is to wait for: a map that has drawn its nodes rests.
  await page.waitForFunction(() => {
    const canvas = document.querySelector(".map canvas");
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    return new Promise((done) =>
      requestAnimationFrame(() => {
        const context = copy.getContext("2d");
        context.drawImage(canvas, 0, 0);
        const { data } = context.getImageData(0, 0, copy.width, copy.height);
        done(new Set(new Uint32Array(data.buffer)).size > 20);
      }),
    );
  });
  await look("map");
  await page.getByLabel("Colours").selectOption("dark");
  await look("map_dark");
  await page.getByRole("button", { name: "List" }).click();
  await page.getByRole("row").nth(3).waitFor();
  await page.getByLabel("Find by id").fill(site.known.node.slice(0, 10));
  assert.equal(await page.getByRole("region", { name: "Nodes" }).getByRole("row").count(), 2);
  await look("map_list");
}

export async function follows_a_message(site) {
  const { page, look } = await site.open();
  await asOperator(page, site);
  await goTo(page, "Messages");
  await page.getByLabel("Message id").fill(site.known.waiting);
  await page.getByRole("button", { name: "Follow" }).click();
  await page.getByRole("region", { name: "Copies" }).waitFor();
  await page
    .getByRole("region", { name: "Newest messages" })
    .getByText("delivered")
    .first()
    .waitFor();
  await look("messages");
  await page.goto(`${site.url}/#/messages/${site.known.expired}`);
  await page
    .locator(".steps")
    .getByText(/expired\s+\d\d:\d\d:\d\d/)
    .waitFor();
  await page.goto(`${site.url}/#/messages/0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f`);
  await page.getByText("The site knows no message of this id").waitFor();
}

export async function offers_what_a_role_may(site) {
  const { page, look } = await site.open();
  await signIn(page, site.url, "citizen", site.known.password);
  const offered = await page.getByRole("navigation").getByRole("link").allTextContents();
  assert.deepEqual(offered, ["Overview", "Messages", "People", "Emergencies", "Ledger"]);
  await page.getByText("Your role sees emergencies and the ledger").waitFor();
  await look("overview_citizen");
  await goTo(page, "Emergencies");
  assert.equal(await page.getByText("Declare an emergency").count(), 0);
  await page.goto(`${site.url}/#/audit`);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${site.url}/#/messages/${site.known.waiting}`);
  await page.getByText(/The site knows no message of this id|Your role may not/).waitFor();
}

export async function fits_a_phone_and_both_themes(site) {
  const { page, look } = await site.open({ viewport: { width: 360, height: 740 } });
  await page.goto(site.url);
  await look("phone_sign_in");
  await asOperator(page, site);
  for (const theme of ["light", "dark"]) {
    await page.getByLabel("Colours").selectOption(theme);
    for (const name of pages) {
      await page.goto(`${site.url}/#/${name}`);
      await page.locator("main[aria-busy]").waitFor({ state: "detached" });
      await page.locator("main h1").waitFor();
      await page.waitForFunction(
        () => !/ …$/m.test(document.querySelector("main").innerText.match(/Checking …/)?.[0] ?? ""),
      );
      await look(`phone_${theme}_${name || "overview"}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 360, `${name} is ${width} px wide`);
    }
  }
}

export async function is_accessible(site) {
  const { page } = await site.open();
  const found = [];
  const examine = async (where) => found.push(...(await violations(page, where)));
  await page.goto(site.url);
  await page.getByLabel("Name").waitFor();
  await examine("sign in");
  await asOperator(page, site);
  for (const theme of ["light", "dark"]) {
    await page.getByLabel("Colours").selectOption(theme);
    for (const name of pages) {
      await page.goto(`${site.url}/#/${name}`);
      await page.locator("main[aria-busy]").waitFor({ state: "detached" });
      await page.locator(".fresh").first().waitFor();
      await examine(`${name || "overview"}, ${theme}`);
    }
  }
  await page.getByLabel("Cause").or(page.locator("h1")).first().waitFor();
  await page.goto(`${site.url}/#/emergencies`);
  await page.getByLabel("Cause").fill("a drill");
  await page.getByRole("button", { name: "Declare …" }).click();
  await page.getByRole("dialog").waitFor();
  await examine("dialog");
  assert.deepEqual(found, []);
}

export async function is_there_soon_at_64_kbit_s(site) {
  const { page, context } = await site.open();
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  const bytesPerS = 64_000 / 8;
  await network.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 150,
    downloadThroughput: bytesPerS,
    uploadThroughput: bytesPerS,
  });
  const began = performance.now();
  await page.goto(site.url, { waitUntil: "commit" });
  await page.getByLabel("Name").waitFor();
  const shown = performance.now() - began;
  await page.getByLabel("Name").fill("operator");
  await page.getByLabel("Password").fill(site.known.password);
  const asked = performance.now();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".classes").waitFor();
  await page.locator(".panel", { hasText: "Ledger" }).last().locator("dl").waitFor();
  const inside = performance.now() - asked;
  console.log(
    `at 64 kbit/s: sign-in after ${shown.toFixed(0)} ms, overview ${inside.toFixed(0)} ms later`,
  );
  assert.ok(shown + inside < 8_000, `${shown} + ${inside} ms`);
}
