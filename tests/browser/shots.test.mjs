// SPDX-License-Identifier: MIT-0
// Pictures of the page's states for S3HLS_SHOTS, to be looked at.
import { before, describe, test } from "node:test";
import { daysAgo, lab, untilState } from "./lab.mjs";

const T0 = daysAgo(1, "09:40:00");
const STORE = lab.store("shots");
/** A house at dusk. */
const SCENE = [
  "gradients=s=1280x720:r=25:d=10:speed=0.00001:c0=0x14202b:c1=0x2f4d63:c2=0x8fb0bf:c3=0xe8d9b5:nb_colors=4:x0=0:y0=0:x1=0:y1=560",
  "drawbox=x=0:y=560:w=1280:h=160:color=0x20282c:t=fill",
  "drawbox=x=690:y=330:w=430:h=240:color=0x182027:t=fill",
  "drawbox=x=730:y=380:w=70:h=70:color=0xf2d58a:t=fill",
  "drawbox=x=830:y=380:w=70:h=70:color=0xf2d58a:t=fill",
  "drawbox=x=990:y=440:w=80:h=130:color=0x3a4650:t=fill",
].join(",");
let base;

describe("shots", { skip: !process.env.S3HLS_SHOTS && "S3HLS_SHOTS names no folder" }, () => {
  before(async () => {
    lab.encode("house.h264", SCENE);
    lab.repeat("house.h264", 100, "evening.h264");
    lab.film(`${STORE}/front-door`);
    for (const [after, seconds] of [
      [0, 900],
      [960, 640],
      [4000, 1000],
    ])
      lab.record(`${STORE}/loading-dock`, T0 + after * 1000, { stream: "evening.h264", seconds });
    for (const days of [3, 4, 8, 9, 10])
      lab.record(`${STORE}/loading-dock`, daysAgo(days, "08:00:00"), { seconds: 10 });
    lab.record(`${STORE}/yard`, daysAgo(6, "12:00:00"), { seconds: 10 });
    ({ base } = await lab.serve(STORE));
  });

  const STATES = [
    ["live", "playing", "front-door", null],
    ["past", "playing", "loading-dock", T0 + 600000],
    ["none", "none", "loading-dock", T0 - 10800000],
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
