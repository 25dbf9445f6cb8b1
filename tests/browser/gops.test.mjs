// SPDX-License-Identifier: MIT-0
// A camera whose groups of pictures are longer than its segments: the page plays from any moment, also from inside one.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { daysAgo, lab, pictureNumber, shownMoment, untilState } from "./lab.mjs";

const T0 = daysAgo(2, "10:00:00");
const STORE = lab.store("gops");
let base;
let begun;

describe("gops", { timeout: 120000 }, () => {
  before(async () => {
    lab.encodeNumbers("sparse.h264", "640x360", 60, 500); // a keyframe each 20 s
    lab.record(`${STORE}/sparse`, T0, { stream: "sparse.h264", seconds: 60, options: ["--segment-max-bytes", "300K"] });
    lab.encodeNumbers("live.h264", "640x360", 60, 125); // 5 s
    begun = Date.now();
    lab.film(`${STORE}/live`, ["--segment-max-bytes", "300K"], "live.h264");
    ({ base } = await lab.serve(STORE));
  });

  for (const second of [12, 27.5, 59])
    test(`from second ${second} on`, async () => {
      const page = await lab.page();
      await page.goto(`${base}#camera=sparse&t=${new Date(T0 + second * 1000).toISOString()}`);
      await untilState(page, "playing", 30000);
      await page.evaluate(() => document.getElementById("video").pause());
      await untilState(page, "paused");
      await page.waitForTimeout(300);
      const [number, shown] = [await pictureNumber(page), await shownMoment(page)];
      assert.ok(Math.abs(shown - T0 - number * 40) <= 60, `picture ${number} at ${shown - T0} ms`);
      assert.ok(number >= second * 25 - 1 && number <= second * 25 + 250, `picture ${number}`);
      await page.close();
    });

  test("live, a group of pictures behind", async () => {
    const page = await lab.page();
    await page.waitForTimeout(Math.max(0, begun + 12000 - Date.now())); // two groups are complete
    let requests = 0;
    page.on("request", (request) => (requests += /\/media\//.test(request.url())));
    await page.goto(`${base}#camera=live`);
    await untilState(page, "playing", 30000);
    await page.waitForTimeout(6000);
    const behind = Date.now() - (await shownMoment(page));
    assert.ok(behind > 0 && behind < 16000, `${behind} ms behind`);
    assert.equal(await page.getAttribute("#live", "aria-pressed"), "true");
    assert.ok(requests < 40, `${requests} segments were asked for`); // none again and again
    await page.close();
  });
});
