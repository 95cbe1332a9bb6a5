// Who is safe, and who may sign in: check-ins and users in the console.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { asOperator, goTo, signIn, tabTo, violations } from "./person.mjs";

async function search(page, text) {
  await page.locator("[name=query]").fill(text);
  await page.getByRole("button", { name: "Search" }).click();
}

/** The panel of the check-in or user that is open. */
const panel = (page, name) =>
  page
    .locator(".panel")
    .filter({ has: page.getByRole("heading", { level: 2, name, exact: true }) });

export async function finds_and_proves(site) {
  const { page, look } = await site.open();
  await asOperator(page, site);
  await goTo(page, "People");
  await search(page, "ays yil");
  await page.getByText("2 found, the newest first.").waitFor();
  const rows = page.getByRole("list", { name: "Check-ins" }).getByRole("listitem");
  assert.match(await rows.nth(0).innerText(), /Ayşe Yılmaz\s+✓ safe/);
  assert.match(await rows.nth(1).innerText(), /Ayşe Yılmaz\s+\? missing/);
  await look("people_found");
  await search(page, site.known.phone);
  await page.getByText("1 found, the newest first.").waitFor();
  await search(page, "0532 999 99 99");
  await page.getByText("Nobody was checked in").waitFor();
  await search(page, "112");
  await page.getByText("This is not a phone number").waitFor();
  await look("people_refused");

  await search(page, site.known.phone);
  await rows.getByRole("link", { name: "Ayşe Yılmaz" }).click();
  const one = panel(page, "Ayşe Yılmaz");
  await one.getByText("Recorded on the chain").waitFor();
  await one.getByText("All of it holds.").waitFor();
  await look("people_proven");
  await one.getByRole("link", { name: /^Block \d+$/ }).click();
  await page.getByText("A check-in (sealed)").first().waitFor();
  await page.getByText(site.known.checkIn).first().waitFor();

  // Somebody between the site and us says that she is not safe.
  await page.route("**/v1/check-ins/*", async (route) => {
    const answer = await route.fetch();
    const checkIn = { ...(await answer.json()), wellbeing: "NEEDS_HELP" };
    await route.fulfill({ response: answer, json: checkIn });
  });
  await page.goto(`${site.url}/#/people/${site.known.checkIn}`);
  await panel(page, "Ayşe Yılmaz")
    .getByText("What is shown is NOT what was committed to")
    .waitFor();
  assert.equal(await page.getByText("Recorded on the chain").count(), 0);
  await look("people_not_proven");
  await page.goto(`${site.url}/#/people/0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f`);
  await page.getByText("There is no such check-in").waitFor();
}

export async function checks_in_again_and_erases(site) {
  const { page, look } = await site.open();
  await signIn(page, site.url, site.known.dispatcher, site.known.password);
  await goTo(page, "People");
  const sent = [];
  // The check-in arrives; the answer does not.
  await page.route("**/v1/check-ins", async (route) => {
    sent.push(route.request().postDataJSON());
    await route.fetch();
    await route.abort();
  });
  await page.getByLabel("Name", { exact: true }).fill("Zeynep Kaya");
  await page.getByLabel("How they are").selectOption("NEEDS_HELP");
  await page.getByLabel("Place").fill("Antakya, stadyum");
  await page.getByRole("button", { name: "Check in" }).click();
  await page.getByText("Sending it again unchanged is safe").waitFor();
  await look("people_unsent");
  await page.unroute("**/v1/check-ins");
  const answered = page.waitForResponse("**/v1/check-ins");
  await page.getByRole("button", { name: "Send again" }).click();
  const answer = await answered;
  assert.deepEqual(answer.request().postDataJSON(), sent[0]);
  const one = panel(page, "Zeynep Kaya");
  await one.getByText("Not on the chain yet").waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "");
  await look("people_recorded");
  await one.getByText("Recorded on the chain").waitFor({ timeout: 45_000 });

  await search(page, "zeynep");
  await page.getByText("1 found").waitFor();
  await one.getByRole("button", { name: "Erase …" }).click();
  await page.getByRole("dialog").waitFor();
  await look("people_erase");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await one.getByRole("button", { name: "Erase …" }).click();
  await page.getByRole("button", { name: "Erase", exact: true }).click();
  await page.getByText("The check-in is erased.").waitFor();
  assert.equal(await one.count(), 0);
  await search(page, "zeynep");
  await page.getByText("Nobody was checked in").waitFor();
}

export async function asks_for_a_number_as_a_citizen(site) {
  const { page, look } = await site.open({ locale: "tr-TR" });
  await page.goto(site.url);
  await page.getByLabel("Ad", { exact: true }).fill(site.known.citizen);
  await page.getByLabel("Parola").fill(site.known.password);
  await page.getByRole("button", { name: "Giriş yap" }).click();
  await page.getByRole("link", { name: "Kişiler" }).click();
  assert.equal(await page.getByRole("link", { name: "Kullanıcılar" }).count(), 0);
  await page.locator("[name=query]").fill("ayşe");
  await page.getByRole("button", { name: "Ara", exact: true }).click();
  await page.getByText("Rolünüz bunu görmeye").waitFor();
  await page.locator("[name=query]").fill(site.known.phone);
  await page.getByRole("button", { name: "Ara", exact: true }).click();
  await page.getByRole("listitem").getByText("güvende").waitFor();
  assert.equal(await page.getByRole("link", { name: "Ayşe Yılmaz" }).count(), 0);
  await look("people_citizen_tr");
  await page.goto(`${site.url}/#/users`);
  await page.getByRole("heading", { name: "Genel durum" }).waitFor();
}

export async function looks_after_users(site) {
  const { page, look } = await site.open();
  await asOperator(page, site);
  await goTo(page, "Users");
  await page.getByLabel(/^Name/).fill("nurse");
  await page.getByLabel(/^Password/).fill("nursenursenurse");
  await page.getByLabel("responder").check();
  await page.getByRole("button", { name: "Make", exact: true }).click();
  await page.getByText("The password is too easy").waitFor();
  await page.getByLabel(/^Password/).fill(site.known.password);
  await page.getByRole("button", { name: "Make", exact: true }).click();
  await page.getByText("User “nurse” is made.").waitFor();
  await look("users");

  const other = await site.open();
  await signIn(other.page, site.url, "nurse", site.known.password);
  await page.getByRole("link", { name: "nurse" }).click();
  const nurse = panel(page, "nurse");
  await nurse.getByRole("button", { name: "Disable" }).click();
  await nurse.getByText("Disabled and signed out everywhere").waitFor();
  await page.getByRole("row", { name: /nurse/ }).getByText("disabled since").waitFor();
  await other.page.getByText("Your session has ended.").waitFor();
  await look("users_disabled");
  await nurse.getByRole("button", { name: "Enable" }).click();
  await nurse.getByText("May sign in again.").waitFor();
  await signIn(other.page, site.url, "nurse", site.known.password);
  await nurse.getByRole("button", { name: "Sign out everywhere" }).click();
  await nurse.getByText("Sessions ended: 1").waitFor();
  await other.page.getByText("Your session has ended.").waitFor();

  const saved = page.waitForEvent("download");
  await nurse.getByRole("button", { name: "Export" }).click();
  const download = await saved;
  assert.equal(download.suggestedFilename(), "imece-nurse.json");
  assert.equal(JSON.parse(await readFile(await download.path(), "utf8")).user.name, "nurse");

  await nurse.getByRole("button", { name: "Erase …" }).click();
  const sure = page.getByRole("dialog").getByRole("button", { name: "Erase" });
  await page.getByLabel("Type the name").fill("nurs");
  assert.ok(await sure.isDisabled());
  await page.getByLabel("Type the name").fill("nurse");
  await look("users_erase");
  await sure.click();
  await page.getByText("The user is erased.").waitFor();
  assert.equal(await page.getByRole("link", { name: "nurse" }).count(), 0);

  await page.getByRole("link", { name: "operator", exact: true }).click();
  await page.getByText("This is you").waitFor();
  await panel(page, "operator").getByRole("button", { name: "Disable" }).click();
  await page.getByText("This is the last operator").waitFor();
  await look("users_last_operator");
}

export async function turns_the_pages_of_users(site) {
  const { page } = await site.open();
  await page.route(/v1\/users\?pageSize=/, (route) =>
    route.continue({ url: route.request().url().replace("pageSize=200", "pageSize=2") }),
  );
  await asOperator(page, site);
  await goTo(page, "Users");
  const rows = page.getByRole("region", { name: "Who may sign in" }).locator("tbody tr");
  await rows.nth(1).waitFor();
  assert.equal(await rows.count(), 2);
  const more = page.getByRole("button", { name: "More" });
  await more.click();
  await rows.nth(2).waitFor();
  await more.waitFor({ state: "detached" });
  const names = await rows.locator("a").allTextContents();
  assert.deepEqual(names, [...names].sort());
  for (const name of ["child", "operator", "selim"]) assert.ok(names.includes(name), name);
}

export async function looks_for_people_by_keyboard_alone(site) {
  const { page } = await site.open();
  await asOperator(page, site);
  await tabTo(page, page.getByRole("link", { name: "People" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.locator("[name=query]"));
  await page.keyboard.type(site.known.phone);
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("link", { name: "Ayşe Yılmaz" }));
  await page.keyboard.press("Enter");
  const one = panel(page, "Ayşe Yılmaz");
  await one.waitFor();
  await tabTo(page, one.getByRole("button", { name: "Erase …" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Cancel" }));
  await page.keyboard.press("Enter");
  await tabTo(page, one.getByRole("link", { name: "Close" }));
  await page.keyboard.press("Enter");
  await one.waitFor({ state: "detached" });
}

export async function people_fit_a_phone_and_are_accessible(site) {
  const { page, look } = await site.open({ viewport: { width: 360, height: 740 } });
  const found = [];
  await asOperator(page, site);
  const examine = async (where) => {
    for (const theme of ["light", "dark"]) {
      await page.getByLabel("Colours").selectOption(theme);
      found.push(...(await violations(page, `${where}, ${theme}`)));
      await look(`phone_${theme}_${where}`);
    }
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${where} is ${width} px wide`);
  };
  await goTo(page, "People");
  await search(page, "yilmaz");
  await page.getByText("2 found").waitFor();
  await examine("people");
  await page.goto(`${site.url}/#/people/${site.known.checkIn}`);
  await page.getByText("All of it holds.").waitFor();
  await examine("people_proven");
  await page.getByRole("button", { name: "Erase …" }).click();
  await page.getByRole("dialog").waitFor();
  found.push(...(await violations(page, "erasing a check-in")));
  await page.keyboard.press("Escape");
  await goTo(page, "Users");
  await page.getByRole("link", { name: "selim" }).click();
  await page.getByRole("button", { name: "Sign out everywhere" }).waitFor();
  await examine("users");
  await page.getByRole("button", { name: "Erase …" }).click();
  await page.getByRole("dialog").waitFor();
  await look("phone_users_erase");
  found.push(...(await violations(page, "erasing a user")));
  assert.deepEqual(found, []);
}
