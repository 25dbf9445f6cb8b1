// SPDX-License-Identifier: MIT-0
// Who may look, as the page has it: tokens and share links.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { daysAgo, lab, until, untilState } from "./lab.mjs";

const T0 = daysAgo(1, "10:00:00");
const TOKEN = "0123456789abcdef0123";
const STORE = lab.store("access");
let base;

async function signIn(page, token) {
  await page.waitForSelector("#sign-in[open]");
  await page.fill("#token", token);
  await page.click("#sign-in button[type=submit]");
}

async function open(options) {
  const page = await lab.page(options);
  page.expected = /status of 40[13]/;
  await page.goto(`${base}#camera=hall&t=${new Date(T0 + 20000).toISOString()}`);
  return page;
}

describe("access", { timeout: 60000 }, () => {
  before(async () => {
    lab.record(`${STORE}/hall`, T0, { seconds: 60 });
    lab.record(`${STORE}/door`, T0, { seconds: 10 });
    writeFileSync(join(lab.work, "tokens"), `${TOKEN} * all\nhallhallhallhall1234 hall one\n`);
    ({ base } = await lab.serve(STORE, "--token-file", join(lab.work, "tokens")));
  });

  test("a token is asked for; a wrong one is not taken; sessions that expire ask again", async () => {
    const page = await open();
    await signIn(page, "not-the-token-at-all");
    await until(page, () => document.getElementById("sign-in-why").textContent.includes("wrong"));
    await lab.shoot(page, "sign-in");
    await signIn(page, TOKEN);
    await untilState(page, "playing");
    assert.equal(await page.$eval("#cameras", (list) => list.children.length), 2);
    await page.evaluate(() => sessionStorage.setItem("token", "another-token-of-old"));
    await page.reload();
    await signIn(page, TOKEN);
    await untilState(page, "playing");
    await page.close();
  });

  test("a camera's token opens that camera", async () => {
    const page = await open();
    await signIn(page, "hallhallhallhall1234");
    await untilState(page, "playing");
    assert.equal(await page.$eval("#cameras", (list) => list.textContent.includes("door")), false);
    await page.close();
  });

  test("a share link opens its camera and time, for anyone, and nothing else", async () => {
    const page = await open();
    await signIn(page, TOKEN);
    await untilState(page, "playing");
    await page.click("#share");
    await page.waitForSelector("#share-dialog[open]");
    await until(page, () => document.getElementById("share-link").value.includes("share="));
    await lab.shoot(page, "share");
    const link = await page.inputValue("#share-link");
    assert.ok(!link.includes(TOKEN));
    await page.close();

    const guest = await lab.page();
    guest.expected = /status of 40[13]/;
    await guest.goto(link);
    await untilState(guest, "playing");
    await guest.goto("about:blank");
    await guest.goto(link.replace(/&t=[^&]*/, `&t=${encodeURIComponent(new Date(T0 + 3600000).toISOString())}`));
    await guest.waitForFunction(() => ["none", "forbidden"].includes(document.getElementById("stage").dataset.state));
    await guest.goto("about:blank");
    await guest.goto(link.replace("camera=hall", "camera=door"));
    await guest.waitForFunction(() =>
      ["forbidden", "expired", "missing"].includes(document.getElementById("stage").dataset.state),
    );
    await guest.goto("about:blank");
    await guest.goto(link.replace(/share=.{8}/, "share=00000000"));
    await guest.waitForFunction(() => /not valid/.test(document.body.textContent));
    await guest.close();
  });

  test("a link that has expired says so", async () => {
    const range = { start: new Date(T0).toISOString(), end: new Date(T0 + 60000).toISOString() };
    const query = new URLSearchParams({ ...range, expires: 1 });
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const { share } = await (await fetch(`${base}api/cameras/hall/share?${query}`, { method: "POST", headers })).json();
    const guest = await lab.page();
    guest.expected = /status of 401/;
    await guest.waitForTimeout(2100);
    await guest.goto(
      `${base}#${new URLSearchParams({ camera: "hall", t: range.start, from: range.start, to: range.end, share })}`,
    );
    await until(guest, () => /not valid any more/.test(document.body.textContent));
    await guest.close();
  });

  test("a session that ends while it plays asks for a token, and goes on", async () => {
    const port = await lab.freePort();
    const serve = (tokens) => lab.serve(STORE, "--listen", `127.0.0.1:${port}`, "--token-file", join(lab.work, tokens));
    const first = await serve("tokens");
    const page = await lab.page();
    page.expected = /status of 40[13]|ERR_/;
    await page.goto(`${first.base}#camera=hall&t=${new Date(T0).toISOString()}`);
    await signIn(page, TOKEN);
    await untilState(page, "playing");
    await first.end();
    writeFileSync(join(lab.work, "others"), "fedcba9876543210fedc *\n");
    const second = await serve("others");
    await untilState(page, "expired");
    await signIn(page, "fedcba9876543210fedc");
    await untilState(page, "playing");
    await page.close();
    await second.end();
  });
});
