// SPDX-License-Identifier: MIT-0
// The page over a directory store: what is watched, and how it is moved through.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { daysAgo, lab, pageBytes, pictureNumber, playerState, shownMoment, until, untilState } from "./lab.mjs";

const FRAME_MS = 40;
const T0 = daysAgo(2, "10:00:00");
const STORE = lab.store("page");
let base;

const addressOf = (camera, at) => `${base}#camera=${camera}${at === null ? "" : `&t=${new Date(at).toISOString()}`}`;

async function open(camera, at, options) {
  const page = await lab.page(options);
  await page.goto(addressOf(camera, at));
  return page;
}

async function pause(page) {
  await page.evaluate(() => document.getElementById("video").pause());
  await untilState(page, "paused");
  await page.waitForTimeout(300);
}

/** The clock over the picture says when the picture was taken, which its number tells. */
async function assertClock(page, start, first = 0) {
  await pause(page);
  const [number, shown] = [await pictureNumber(page), await shownMoment(page)];
  assert.ok(
    Math.abs(shown - start - (number - first) * FRAME_MS) <= 1.5 * FRAME_MS,
    `picture ${number} at ${shown - start} ms`,
  );
  return number;
}

/** What axe-core finds wrong with the page. */
async function violations(page) {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  const found = await page.evaluate(() =>
    axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
  );
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html} ${n.failureSummary}`));
}

/** Play until the clock is beyond a moment. */
const untilMoment = (page, ms, timeout = 40000) =>
  until(page, (at) => Date.parse(document.getElementById("clock").dateTime) >= at, ms, timeout);

describe("page", { timeout: 170000 }, () => {
  before(async () => {
    lab.film(`${STORE}/yard`);
    lab.record(`${STORE}/hall`, T0, { seconds: 60 });
    for (const [after, seconds] of [
      [0, 20],
      [50, 20],
      [7200, 20],
    ])
      lab.record(`${STORE}/gap`, T0 + after * 1000, { seconds });
    lab.record(`${STORE}/sizes`, T0, { seconds: 10 });
    lab.record(`${STORE}/sizes`, T0 + 10000, { stream: "small.h264", seconds: 10 });
    lab.record(`${STORE}/night`, daysAgo(3, "23:59:50"), { seconds: 20 });
    lab.record(`${STORE}/long`, T0, { stream: "long.h264", seconds: 1860 });
    ({ base } = await lab.serve(STORE));
  });

  const BUSY_MS = 1000; // by which a busy machine may be late
  test("live plays, and stays within three target durations of now", async () => {
    const page = await open("yard", null);
    await untilState(page, "playing", 30000);
    for (let i = 0; i < 6; i++) {
      const behind = Date.now() - (await shownMoment(page));
      assert.ok(behind > 0 && behind < 6000 + BUSY_MS, `${behind} ms behind`);
      await page.waitForTimeout(1000);
    }
    assert.equal(await page.getAttribute("#live", "aria-pressed"), "true");
    await page.close();
  });

  test("a viewer whose clock is an hour behind sees the server's now", async () => {
    const page = await lab.page();
    await page.addInitScript(() => {
      const { now } = Date;
      Date.now = () => now() - 3600000;
    });
    const at = Date.now() - 600000; // to come, by the viewer's clock
    await page.goto(addressOf("hall", at));
    await untilState(page, "none");
    assert.ok(Math.abs((await page.$eval("#timeline", (t) => t.ariaValueNow)) * 1000 - at) < 2000);
    await page.close();
  });

  test("the page is small, and loads nothing from elsewhere", async () => {
    const page = await lab.page();
    const elsewhere = [];
    page.on("request", (r) => r.url().startsWith(base) || elsewhere.push(r.url()));
    const answer = await page.goto(base);
    await until(page, () => document.getElementById("cameras").children.length > 0);
    const policy = answer.headers()["content-security-policy"];
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.ok((await pageBytes(page)) < 200 * 1024);
    assert.deepEqual(
      elsewhere.filter((url) => !url.startsWith("blob:")),
      [],
    );
    await page.close();
  });

  test("a past moment plays from the asked second", async () => {
    const page = await open("hall", T0 + 20500);
    await untilState(page, "playing");
    const asked = 20500 / FRAME_MS;
    const number = await pictureNumber(page);
    assert.ok(number >= asked - 1 && number < asked + 100, `picture ${number} instead of ${asked}`);
    await assertClock(page, T0);
    await page.close();
  });

  test("a click on the timeline plays from there, back and forward in the history", async () => {
    const page = await open("hall", T0 + 5000);
    await untilState(page, "playing");
    for (let i = 0; i < 7; i++) await page.click("#zoom-in");
    await page.waitForTimeout(200);
    const at = await page.evaluate((ms) => {
      const line = document.getElementById("timeline");
      const [from, to] = [line.getAttribute("aria-valuemin"), line.getAttribute("aria-valuemax")].map(Number);
      const box = line.getBoundingClientRect();
      return { x: box.left + ((ms / 1000 - from) / (to - from)) * box.width, y: box.bottom - 20 };
    }, T0 + 12000);
    await page.mouse.click(at.x, at.y);
    await untilMoment(page, T0 + 11500);
    await assertClock(page, T0);
    await page.goBack();
    await until(page, (ms) => Math.abs(Date.parse(document.getElementById("clock").dateTime) - ms) < 8000, T0 + 5000);
    await page.close();
  });

  test("playing across a gap goes on behind it, and says so", async () => {
    const page = await open("gap", T0 + 17000);
    await untilMoment(page, T0 + 50500);
    assert.match(await page.textContent("#toast"), /No recording from .*: 30 s passed over/);
    await assertClock(page, T0 + 50000);
    await page.close();
  });

  test("playing across a discontinuity with a change of size goes on", async () => {
    const page = await open("sizes", T0 + 7000);
    await untilState(page, "playing");
    assert.equal(await page.evaluate(() => document.getElementById("video").videoWidth), 640);
    await untilMoment(page, T0 + 11000);
    assert.equal(await page.evaluate(() => document.getElementById("video").videoWidth), 320);
    await assertClock(page, T0 + 10000);
    await page.close();
  });

  test("playing across midnight goes on", async () => {
    const start = daysAgo(3, "23:59:50");
    const page = await open("night", start + 6000, { timezoneId: "UTC" });
    await untilState(page, "playing");
    assert.match(await page.textContent("#clock"), /23:59:5/);
    await untilMoment(page, start + 11000);
    assert.match(await page.textContent("#clock"), /00:00:0/);
    await assertClock(page, start);
    await page.close();
  });

  test("a moment within a gap plays from its end on, and says so", async () => {
    const page = await open("gap", T0 + 30000);
    await untilMoment(page, T0 + 50000);
    assert.match(await page.textContent("#toast"), /No recording from 11:00:30 to 11:00:50: 20 s passed over/); // in its zone
    assert.ok((await shownMoment(page)) < T0 + 60000);
    await page.close();
  });

  test("where nothing was recorded for long it says so, and leads on", async () => {
    const page = await open("gap", T0 + 3600000);
    await untilState(page, "none");
    assert.match(await page.textContent("#notice"), /No recording at 12:00:00/);
    await page.click("#notice button");
    await untilMoment(page, T0 + 7201000);
    await assertClock(page, T0 + 7200000);
    await page.close();
  });

  test("a camera that is off, one that is not there, a moment to come", async () => {
    const page = await open("hall", null);
    await untilState(page, "off");
    await page.click("#notice button");
    await untilMoment(page, T0 + 49000);
    await page.goto(addressOf("attic", null));
    await untilState(page, "missing");
    assert.match(await page.textContent("#notice"), /There is no camera “attic”/);
    await page.goto(addressOf("hall", Date.now() + 3600000));
    await untilState(page, "future");
    await page.close();
  });

  test("a camera of a site states why it is not recorded", async () => {
    const site = await lab.runSite(STORE, { hall: "rtsp://127.0.0.1:1/main" });
    const page = await lab.page();
    await page.goto(`${site.base}#camera=hall`);
    await untilState(page, "off");
    await until(page, () => /connecting$/.test(document.querySelector("#cameras li a[aria-current]").textContent));
    assert.match(await page.textContent("#notice"), /not recording now: Connection refused/);
    assert.match(await page.getAttribute("#cameras li a[aria-current]", "title"), /Connection refused/);
    await page.close();
    await site.end();
  });

  test("a stream that the browser cannot decode is told", async () => {
    const page = await lab.page();
    await page.addInitScript(() => {
      MediaSource.prototype.addSourceBuffer = () => {
        throw new DOMException("no decoder", "NotSupportedError");
      };
    });
    await page.goto(addressOf("hall", T0 + 1000));
    await untilState(page, "undecodable", 30000);
    await lab.shoot(page, "undecodable");
    await page.close();
  });

  test("speed, and the end of a recording", async () => {
    const page = await open("hall", T0 + 2000);
    await untilState(page, "playing");
    await page.selectOption("#speed", "4");
    const [from, began] = [await shownMoment(page), Date.now()];
    await untilMoment(page, from + 16000);
    assert.ok(Date.now() - began < 12000, `16 s took ${Date.now() - began} ms`);
    await page.selectOption("#speed", "16");
    await untilState(page, "ended", 30000);
    await page.close();
  });

  test("a clip is downloaded, plays, and has the asked length", async () => {
    const page = await open("hall", T0 + 15000);
    await untilState(page, "playing");
    await page.click("#clip");
    await page.fill("#clip-from", "2000-01-01T00:00:00");
    await page.fill("#clip-to", "2000-01-01T04:00:00");
    assert.equal(await page.$eval("#clip-to", (input) => input.validationMessage), "At most 2 hours.");
    const input = (ms) => new Date(ms + 3600000).toISOString().slice(0, 19); // as the viewer's zone has it
    await page.fill("#clip-from", input(T0 + 20000));
    await page.fill("#clip-to", input(T0 + 30000));
    await lab.shoot(page, "clip");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click("#clip-panel button[type=submit]"),
    ]);
    const file = join(lab.work, "clip.mp4");
    await download.saveAs(file);
    const said = execFileSync("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file], {
      encoding: "utf8",
    });
    assert.ok(+said >= 9.9 && +said < 11.1, `${said} s`);
    execFileSync("ffmpeg", ["-v", "error", "-xerror", "-i", file, "-f", "null", "-"]);
    await page.close();
  });

  test("by keyboard alone", async () => {
    const page = await open("hall", T0 + 20000);
    await untilState(page, "playing");
    await page.keyboard.press("k");
    await untilState(page, "paused");
    await page.waitForTimeout(500);
    const number = await pictureNumber(page);
    await page.keyboard.press(".");
    await page.waitForTimeout(700);
    assert.equal(await pictureNumber(page), number + 1);
    await page.keyboard.press(",");
    await page.waitForTimeout(700);
    assert.equal(await pictureNumber(page), number);
    for (let i = 0; i < 60 && (await page.evaluate(() => document.activeElement.id)) !== "timeline"; i++)
      await page.keyboard.press("Tab");
    const said = await page.getAttribute("#timeline", "aria-valuetext");
    assert.match(said, /11:00:2/);
    const span = () =>
      page.$eval("#timeline", (t) => t.getAttribute("aria-valuemax") - t.getAttribute("aria-valuemin"));
    const wide = await span();
    for (let i = 0; i < 12; i++) await page.keyboard.press("+");
    assert.ok((await span()) < wide / 20);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await until(page, (before) => document.getElementById("timeline").getAttribute("aria-valuetext") !== before, said);
    await page.waitForTimeout(1000);
    const moved = (await pictureNumber(page)) - number;
    assert.ok(moved > 10 && moved < 200, `${moved} pictures on`);
    await page.close();
  });

  test("wheel, drag and two fingers move the timeline", async () => {
    const page = await open("hall", T0 + 20000, { hasTouch: true });
    await untilState(page, "playing");
    await pause(page);
    const view = () =>
      page.$eval("#timeline", (t) => [+t.getAttribute("aria-valuemin"), +t.getAttribute("aria-valuemax")]);
    const box = await (await page.$("#timeline")).boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height - 20];
    const [from, to] = await view();
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, -500);
    await until(
      page,
      (span) =>
        document.getElementById("timeline").ariaValueMax - document.getElementById("timeline").ariaValueMin < span / 2,
      to - from,
    );
    const zoomed = await view();
    await page.mouse.down();
    await page.mouse.move(x + 200, y, { steps: 4 });
    await page.mouse.up();
    await until(page, (before) => document.getElementById("timeline").ariaValueMin < before, zoomed[0]);
    const dragged = await view();
    const cdp = await page.context().newCDPSession(page);
    const touch = (type, distance) =>
      cdp.send("Input.dispatchTouchEvent", {
        type,
        touchPoints:
          type === "touchEnd"
            ? []
            : [
                { x: x - distance, y, id: 1 },
                { x: x + distance, y, id: 2 },
              ],
      });
    await touch("touchStart", 40);
    for (const distance of [60, 90, 120, 160]) await touch("touchMove", distance);
    await touch("touchEnd");
    await until(
      page,
      (span) =>
        document.getElementById("timeline").ariaValueMax - document.getElementById("timeline").ariaValueMin < span / 2,
      dragged[1] - dragged[0],
    );
    assert.equal(await playerState(page), "paused"); // nothing of it was a click
    await page.close();
  });

  test("UTC on demand, days with recordings, and all that has words for screen readers", async () => {
    const page = await open("hall", T0 + 20000);
    await untilState(page, "playing");
    assert.match(await page.textContent("#clock"), /11:00:2\d UTC\+1/);
    await page.check("#utc");
    await until(page, () => /10:00:2.*UTC$/.test(document.getElementById("clock").textContent));
    const day = new Date(T0).getUTCDate();
    await until(
      page,
      (d) =>
        [...document.querySelectorAll("#calendar td button")].some(
          (b) => +b.textContent === d && b.classList.contains("recorded"),
        ),
      day,
    );
    const nameless = await page.$$eval("button, input, select, canvas, a, video", (all) =>
      all
        .filter(
          (e) =>
            !(e.ariaLabel || e.textContent.trim() || e.labels?.length || e.closest("[hidden], dialog:not([open])")),
        )
        .map((e) => e.outerHTML),
    );
    assert.deepEqual(nameless, []);
    await page.close();
  });

  test("phone width: nothing sticks out", async () => {
    const page = await open("hall", T0 + 20000, {
      viewport: { width: 360, height: 740 },
      isMobile: true,
      hasTouch: true,
    });
    await untilState(page, "playing");
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    const small = await page.$$eval(
      "#controls button, #time button",
      (all) => all.filter((b) => b.getBoundingClientRect().height < 32).length,
    );
    assert.equal(small, 0);
    await lab.shoot(page, "phone");
    await page.close();
  });

  test("a server that goes away is told, and playing goes on when it is back", async () => {
    const port = await lab.freePort();
    const listen = ["--listen", `127.0.0.1:${port}`];
    const other = await lab.serve(STORE, ...listen);
    const page = await lab.page();
    page.expected = /status of 404|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/;
    await page.goto(`${other.base}#camera=yard`);
    await untilState(page, "playing", 30000);
    await other.end();
    await untilState(page, "away", 60000);
    await lab.shoot(page, "away");
    const again = await lab.serve(STORE, ...listen);
    await untilState(page, "playing", 30000);
    await page.close();
    await again.end();
  });

  test("3,000 cameras are scrolled and filtered; only those in sight are looked at", async () => {
    lab.makeFolders("site", 3000);
    const many = await lab.serve(lab.store("site"));
    const page = await lab.page();
    const looks = [];
    page.on("request", (r) => {
      const { searchParams } = new URL(r.url());
      if (searchParams.has("count")) looks.push(+searchParams.get("count"));
    });
    await page.goto(many.base);
    await until(page, () => document.getElementById("cameras").children.length === 3000);
    await until(page, () => document.querySelector("#cameras .when").textContent === "off");
    const sum = () => looks.reduce((a, b) => a + b, 0);
    assert.ok(sum() <= 40, `${sum()} cameras were looked at`);
    await page.$eval("#cameras", (list) => list.scrollTo(0, list.scrollHeight / 2));
    await until(page, () => document.querySelector("#cameras li:nth-child(1500) .when").textContent === "off", 0, 15000);
    assert.ok(sum() <= 150, `${sum()} cameras were looked at`);
    await page.fill("#filter", "CAM-299");
    const shown = () => [...document.querySelectorAll("#cameras li")].filter((li) => li.checkVisibility()).length;
    await until(page, (n) => [...document.querySelectorAll("#cameras li:not([hidden])")].length === n, 10);
    assert.equal(await page.evaluate(shown), 10);
    await until(page, () => document.querySelector("#cameras li:nth-child(2995) .when").textContent === "off", 0, 15000);
    await lab.shoot(page, "many");
    assert.deepEqual(await violations(page), []);
    await page.close();
    await many.end();
  });

  test("no recording at all", async () => {
    const empty = await lab.serve(lab.store("nothing"));
    const page = await lab.page();
    await page.goto(empty.base);
    await until(page, () => document.getElementById("page-notice").textContent.includes("No camera has recorded yet."));
    await page.close();
    await empty.end();
  });

  test("hours go on from window to window of the server's playlists", async () => {
    const page = await lab.page();
    const windows = [];
    page.on(
      "request",
      (r) => r.url().includes("range.m3u8") && windows.push(new URL(r.url()).searchParams.get("start")),
    );
    await page.goto(addressOf("long", T0 + 1785000));
    await untilState(page, "playing");
    await page.keyboard.press("j"); // before where it began: another playlist, that ends earlier
    await until(
      page,
      (at) => Math.abs(Date.parse(document.getElementById("clock").dateTime) - at) < 5000,
      T0 + 1775000,
    );
    await page.selectOption("#speed", "16");
    await untilState(page, "ended", 30000);
    const left = T0 + 1860000 - (await shownMoment(page));
    assert.ok(left >= 0 && left <= 16 * FRAME_MS, `${left} ms before the end`);
    assert.ok(windows.length > 1, windows.join());
    await page.close();
  });

  test("nothing stands against WCAG AA, light and dark, wide and narrow", async () => {
    const page = await open("hall", T0 + 20000);
    await untilState(page, "playing");
    await page.click("#clip");
    for (const colorScheme of ["light", "dark"])
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        assert.deepEqual(await violations(page), []);
        await page.click("#share");
        await page.waitForSelector("#share-dialog[open]");
        assert.deepEqual(await violations(page), []);
        await page.keyboard.press("Escape");
      }
    await page.close();
  });
});
