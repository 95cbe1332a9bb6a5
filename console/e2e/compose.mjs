// A dispatcher writes: this browser becomes a device, seals, sends, and sees what becomes of it.
import assert from "node:assert/strict";
import { goTo, signIn, tabTo, violations } from "./person.mjs";

async function asDispatcher(page, { url, known }) {
  await signIn(page, url, known.dispatcher, known.password);
  await goTo(page, "New message");
}

async function enrol(page) {
  await page.getByRole("button", { name: "Make a key and enrol" }).click();
  await page.getByRole("heading", { name: "Write" }).waitFor();
}

async function chooseDesk(page, id) {
  await page.locator(`[name=desk] option[value="${id}"]`).waitFor({ state: "attached" });
  await page.locator("[name=desk]").selectOption(id);
  await page.getByText("Compare the desk’s key").waitFor();
}

/** All that this browser keeps of devices, and what a script gets when it asks for their keys. */
function kept(page) {
  return page.evaluate(async () => {
    const ended = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await ended(indexedDB.open("imece"));
    const store = database.transaction("devices").objectStore("devices");
    const devices = await ended(store.getAll());
    database.close();
    const keys = devices.map(({ signingKey }) =>
      crypto.subtle.exportKey("pkcs8", signingKey).then(
        () => "read out",
        (error) => error.name,
      ),
    );
    return { text: JSON.stringify(devices), keys: await Promise.all(keys) };
  });
}

export async function writes_to_a_desk(site) {
  const { page, look } = await site.open();
  await asDispatcher(page, site);
  await look("compose_enrol");
  await enrol(page);
  await chooseDesk(page, site.known.desk);
  await page.locator("[name=priority]").selectOption("OPERATIONAL");
  await page.getByLabel("Text").fill(site.known.text);
  await page.getByText(`${Buffer.byteLength(site.known.text)} of 16,336 bytes`).waitFor();
  await look("compose");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.locator(".steps").getByText("delivered").waitFor();
  await page.locator(".steps").getByText("Receipt of").waitFor();
  await page
    .locator(".steps")
    .getByRole("link", { name: /in block \d+/ })
    .waitFor({ timeout: 45_000 });
  await look("compose_delivered");
  assert.equal(await page.getByLabel("Text").inputValue(), "");

  const { text, keys } = await kept(page);
  assert.deepEqual(keys, ["InvalidAccessError"]);
  assert.ok(!text.includes(site.known.text));

  await page.reload();
  await page.getByRole("heading", { name: "Write" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual((await kept(page)).keys, []);
}

export async function calls_for_life_by_keyboard_alone(site) {
  const { page, look } = await site.open();
  await asDispatcher(page, site);
  await tabTo(page, page.getByRole("button", { name: "Make a key and enrol" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Write" }).waitFor();
  await tabTo(page, page.locator("[name=to-kind]"));
  await page.keyboard.press("ArrowDown");
  await tabTo(page, page.locator("[name=device]"));
  await page.keyboard.type(site.known.silent);
  await page.getByText("whose key is the one that its id names").waitFor();
  await tabTo(page, page.locator("[name=priority]"));
  await page.keyboard.press("Home");
  await tabTo(page, page.locator("[name=text]"));
  await page.keyboard.type("Duvarın arkasında sesler var");
  await tabTo(page, page.getByRole("button", { name: "Send …" }));
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.locator(".steps").count(), 0);

  await tabTo(page, page.getByRole("button", { name: "Send …" }));
  await page.keyboard.press("Enter");
  await page.getByText("Is a life in danger?").waitFor();
  await look("compose_life");
  await tabTo(page, dialog.getByRole("button", { name: "Send it" }));
  await page.keyboard.press("Enter");
  await page.locator(".steps").getByText("waiting").waitFor();
  await page.locator(".steps").getByText("no path:").waitFor();
  await look("compose_waiting");
}

export async function sends_again_what_was_not_acknowledged(site) {
  const { page, look } = await site.open();
  await asDispatcher(page, site);
  await enrol(page);
  await chooseDesk(page, site.known.desk);
  const sent = [];
  // The message arrives; its acknowledgement does not.
  await page.route("**/v1/messages", async (route) => {
    sent.push(route.request().postDataJSON().envelope);
    await route.fetch();
    await route.abort();
  });
  await page.getByLabel("Text").fill("Sahra hastanesi kuruldu");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByRole("heading", { name: "Not acknowledged yet" }).waitFor();
  assert.equal(await page.getByLabel("Text").inputValue(), "Sahra hastanesi kuruldu");
  await look("compose_unsent");
  await page.unroute("**/v1/messages");

  await page.reload();
  await page.getByRole("heading", { name: "Not acknowledged yet" }).waitFor();
  page.once("dialog", (dialog) => dialog.dismiss());
  await page.getByRole("button", { name: "Sign out" }).click();
  const answered = page.waitForResponse("**/v1/messages");
  await page.getByRole("button", { name: "Send again" }).click();
  const answer = await answered;
  assert.equal(answer.request().postDataJSON().envelope, sent[0]);
  assert.equal((await answer.json()).wasThere, true);
  await page.locator(".steps").getByText("delivered").waitFor();
  assert.equal(await page.getByRole("heading", { name: "Not acknowledged yet" }).count(), 0);
}

export async function says_why_it_was_refused(site) {
  const { page, look } = await site.open();
  await asDispatcher(page, site);
  await enrol(page);
  await chooseDesk(page, site.known.emptyDesk);
  await page.getByLabel("Text").fill("Kimse var mı?");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("The site does not know this recipient").waitFor();
  await page.getByLabel("Language").first().selectOption("tr");
  await page.getByText("Merkez bu alıcıyı tanımıyor").waitFor();
  await look("compose_refused_tr");
  await page.getByRole("button", { name: "Sil", exact: true }).click();
  await page.getByRole("button", { name: "Gönder", exact: true }).waitFor();

  // Somebody revokes the device; the person forgets it here.
  await page.getByRole("button", { name: "Bu cihazı unut …" }).click();
  await page.getByRole("button", { name: "Bu cihazı unut", exact: true }).click();
  await page.getByRole("button", { name: "Anahtar üret ve kaydol" }).waitFor();
  assert.deepEqual((await kept(page)).keys, []);
}

export async function says_what_the_browser_lacks(site) {
  for (const [what, said] of [
    ["crypto.subtle.generateKey = () => Promise.reject(new Error())", "Use a current one"],
    ["Object.defineProperty(crypto, 'subtle', { value: undefined })", "did not come over HTTPS"],
  ]) {
    const { page } = await site.open();
    await page.addInitScript(what);
    await asDispatcher(page, site);
    await page.getByRole("alert").getByText(said).waitFor();
    assert.equal(await page.getByRole("button", { name: "Make a key and enrol" }).count(), 0);
  }
}

export async function writes_on_a_phone_and_is_accessible(site) {
  const { page, look } = await site.open({ viewport: { width: 360, height: 740 } });
  const found = [];
  await asDispatcher(page, site);
  const examine = async (where) => {
    for (const theme of ["light", "dark"]) {
      await page.getByLabel("Colours").selectOption(theme);
      found.push(...(await violations(page, `${where}, ${theme}`)));
      await look(`phone_${theme}_compose_${where}`);
    }
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${where} is ${width} px wide`);
  };
  await page.getByRole("button", { name: "Make a key and enrol" }).waitFor();
  await examine("enrol");
  await enrol(page);
  await chooseDesk(page, site.known.desk);
  await page.getByLabel("Text").fill("ğ".repeat(9_000));
  await page.getByText("too long").waitFor();
  await page.getByText("Readable on the way").click();
  await page.getByLabel("Kind").fill("text");
  await examine("form");
  await page.getByLabel("Text").fill("Yol açıldı.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.locator(".steps").getByText("Receipt of").waitFor();
  await examine("delivered");
  await page.getByRole("button", { name: "Forget this device …" }).click();
  await page.getByRole("dialog").waitFor();
  found.push(...(await violations(page, "dialog")));
  assert.deepEqual(found, []);
}
