// SPDX-License-Identifier: MIT-0
// page.mjs: the page in a real browser over a directory store: from a click on the timeline, and from opening an
// address, to the first picture; what it weighs. Environment: S3HLS, S3HLS_BENCH_JSON (to append to).
import { appendFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { daysAgo, lab, untilState } from "../tests/browser/lab.mjs";

const ROUNDS = 15;
const T0 = daysAgo(2, "10:00:00");

function report(name, value, unit) {
  console.log(`${name.padEnd(28)} ${value.toFixed(3).padStart(10)} ${unit}`);
  const line = JSON.stringify({ name, value, unit, peer: null, ratio: null });
  if (process.env.S3HLS_BENCH_JSON) appendFileSync(process.env.S3HLS_BENCH_JSON, `${line}\n`);
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

/** From an action to the first picture of the moment asked for. */
async function firstPicture(page, action) {
  const seen = page.evaluate(
    () =>
      new Promise((shown) => {
        const video = document.getElementById("video");
        addEventListener("pointerdown", () => (window.clicked = performance.now()), { once: true, capture: true });
        video.addEventListener("emptied", () => video.requestVideoFrameCallback((now) => shown(now - window.clicked)), { once: true });
      }),
  );
  await action();
  return seen;
}

await lab.open();
try {
  for (const hour of [0, 1, 2]) lab.record(`${lab.store("page")}/hall`, T0 + hour * 3600000, { seconds: 240 });
  const { base } = await lab.serve(lab.store("page"));
  const page = await lab.page();
  const opened = [];
  const clicked = [];
  for (let i = 0; i < ROUNDS; i++) {
    await page.goto("about:blank");
    await page.goto(`${base}#camera=hall&t=${new Date(T0 + 60000).toISOString()}`);
    await untilState(page, "playing");
    opened.push(await page.evaluate(() => performance.now()));
    const box = await (await page.$("#timeline")).boundingBox();
    await page.click("#zoom-out");
    await page.click("#zoom-out");
    await page.waitForTimeout(500);
    const x = await page.$eval("#timeline", (t, ms) => (ms / 1000 - t.ariaValueMin) / (t.ariaValueMax - t.ariaValueMin), T0 + 3720000);
    clicked.push(await firstPicture(page, () => page.mouse.click(box.x + x * box.width, box.y + box.height - 20)));
  }
  report("page.open_to_picture", median(opened), "ms");
  report("page.click_to_picture", median(clicked), "ms");
  let bytes = 0;
  for (const file of ["", "app.js", "api.js", "calendar.js", "footage.js", "player.js", "recordings.js", "time.js", "timeline.js", "style.css", "hls.mjs"])
    bytes += gzipSync(await (await fetch(base + file)).text()).length;
  report("page.compressed", bytes / 1000, "kB");
} finally {
  await lab.close();
}
