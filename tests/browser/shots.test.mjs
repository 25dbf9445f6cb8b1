// SPDX-License-Identifier: MIT-0
// Pictures of the page's states for S3HLS_SHOTS, to be looked at.
import { before, describe, test } from "node:test";
import { daysAgo, lab, untilState } from "./lab.mjs";

const T0 = daysAgo(1, "09:40:00");
const STORE = lab.store("shots");
let base;

describe("shots", { skip: !process.env.S3HLS_SHOTS && "S3HLS_SHOTS names no folder" }, () => {
  before(async () => {
    lab.film(`${STORE}/front-door`);
    for (const [after, seconds] of [
      [0, 900],
      [960, 640],
      [4000, 1000],
    ])
      lab.record(`${STORE}/loading-dock`, T0 + after * 1000, { stream: "long.h264", seconds });
    for (const days of [3, 4, 8, 9, 10])
      lab.record(`${STORE}/loading-dock`, daysAgo(days, "08:00:00"), { seconds: 10 });
    lab.record(`${STORE}/yard`, daysAgo(6, "12:00:00"), { seconds: 10 });
    ({ base } = await lab.serve(STORE));
  });

  const STATES = [
    ["live", "playing", "front-door", null],
    ["past", "playing", "loading-dock", T0 + 600000],
    ["none", "none", "loading-dock", T0 + 3000000],
    ["off", "off", "loading-dock", null],
    ["missing", "missing", "attic", null],
    ["future", "future", "loading-dock", Date.now() + 3600000],
    ["ended", "ended", "loading-dock", T0 + 4999000],
  ];

  for (const colorScheme of ["light", "dark"])
    for (const width of [1280, 390])
      test(`${colorScheme}, ${width} pixels`, async () => {
        const page = await lab.page({ viewport: { width, height: 860 }, colorScheme });
        for (const [name, state, camera, at] of STATES) {
          await page.goto("about:blank");
          await page.goto(`${base}#camera=${camera}${at === null ? "" : `&t=${new Date(at).toISOString()}`}`);
          await untilState(page, state, 30000);
          await page.waitForTimeout(500);
          if (name === "past") await page.click("#clip");
          await lab.shoot(page, `${name}-${colorScheme}-${width}`);
        }
        await page.close();
      });
});
