// SPDX-License-Identifier: MIT-0
// The server's playlists as others see them: our checker of RFC 8216, hls-parser, ffmpeg, GStreamer, shaka-player; and as
// polls of two servers over one store, while segments come late and never. Environment: M3U8_CHECK (the checker).
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { before, describe, test } from "node:test";
import { daysAgo, lab, until } from "./lab.mjs";

const require = createRequire(import.meta.url);
const HLS = require("hls-parser");
const T0 = daysAgo(2, "10:00:00");
const STORE = lab.store("players");
const bases = [];
let texts = 0;

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const iso = (ms) => new Date(ms).toISOString();
const range = (from, to, list = "range") => `hls/hall/${list}.m3u8?start=${iso(from)}&end=${iso(to)}`;

async function get(path, base = bases[0]) {
  const response = await fetch(base + path);
  assert.equal(response.status, 200, path);
  return response.text();
}

function keep(text) {
  const file = join(lab.work, `list-${texts++}.m3u8`);
  writeFileSync(file, text);
  return file;
}

/** Says what is wrong, and fails, where something is. */
function check(...args) {
  const { status, stdout } = spawnSync(process.env.M3U8_CHECK, args, { encoding: "utf8" });
  assert.equal(status, 0, stdout);
}

/** Entries by media sequence number, as lines. */
function entries(text) {
  const found = new Map();
  let number = +text.match(/MEDIA-SEQUENCE:(\d+)/)[1];
  let entry = "";
  for (const line of text.split("\n")) {
    if (/^#(EXTINF|EXT-X-GAP)/.test(line)) entry += line;
    else if (line && !line.startsWith("#")) {
      found.set(number++, entry + line);
      entry = "";
    }
  }
  return found;
}

describe("players", { timeout: 170000 }, () => {
  before(async () => {
    HLS.setOptions({ strictMode: true });
    lab.film(`${STORE}/yard`);
    lab.record(`${STORE}/hall`, T0, { seconds: 40 });
    lab.record(`${STORE}/hall`, T0 + 40000, { stream: "small.h264", seconds: 10 });
    lab.record(`${STORE}/hall`, T0 + 70000, { seconds: 10 });
    for (let i = 0; i < 2; i++) bases.push((await lab.serve(STORE)).base);
  });

  test("ranges that are over, growing, live, multivariant: by the rules", async () => {
    const growing = `hls/yard/range.m3u8?start=${iso(Date.now() - 10000)}&end=${iso(Date.now() + 3600000)}`;
    const lists = [range(T0, T0 + 80000), range(T0 + 1500, T0 + 39000), growing, "hls/yard/live.m3u8"];
    while ((await fetch(`${bases[0]}hls/yard/live.m3u8`)).status !== 200) await wait(500);
    await wait(1500); // an answer that there is nothing is kept for a second
    for (const list of lists) {
      const text = await get(list);
      check(keep(text));
      assert.ok(HLS.parse(text).segments.length > 0);
    }
    assert.match(await get(lists[0]), /#EXT-X-PLAYLIST-TYPE:VOD[^]*#EXT-X-ENDLIST/);
    assert.match(await get(lists[1]), /#EXT-X-START:TIME-OFFSET=1.500,PRECISE=YES/);
    assert.match(await get(lists[2]), /#EXT-X-PLAYLIST-TYPE:EVENT/);
    for (const list of [range(T0, T0 + 80000, "master"), "hls/yard/master.m3u8"]) {
      const { variants } = HLS.parse(await get(list));
      assert.equal(variants.length, 1);
      assert.match(variants[0].codecs, /^avc1\.[0-9a-f]{6}$/);
      assert.ok(variants[0].bandwidth >= variants[0].averageBandwidth && variants[0].frameRate === 25);
      assert.ok(variants[0].resolution.width >= 320);
    }
  });

  test("polls of two servers agree, through late and lost segments and a restart", async () => {
    const [segment] = readdirSync(join(lab.work, "players", "hall"), { recursive: true }).filter((name) => name.endsWith(".ts"));
    const source = join(lab.work, "players", "hall", segment);
    const put = (start, sequence, timeline) => {
      const folder = iso(start).slice(0, 17).replace(/[-T:]/g, "/"); // 2026/11/23/03/12/
      const name = `${folder}${iso(start).slice(17, 23)}-2000-${sequence}-${timeline}.ts`;
      const file = join(lab.work, "players", "late", name);
      mkdirSync(dirname(file), { recursive: true });
      copyFileSync(source, file);
    };
    const first = Math.floor(Date.now() / 1000) - 8;
    const plan = []; // [seconds from now, start, sequence, timeline]
    for (let i = 0; i < 16; i++) {
      const [start, timeline] = [first * 1000 + i * 2000, first + (i > 12)];
      const late = i === 6 ? 1.5 : i === 8 ? 7 : 0; // in time for the list; too late for it
      if (i !== 10) plan.push([2 * i - 6 + late, start, first + i, timeline]);
    }
    const again = first + 40; // the camera begins anew
    for (let i = 0; i < 3; i++) plan.push([34 + 2 * i, again * 1000 + i * 2000, again + i, again]);
    plan.sort((a, b) => a[0] - b[0]);
    const began = Date.now();
    const polls = [[], []];
    while (Date.now() - began < 42000) {
      while (plan.length && Date.now() - began >= plan[0][0] * 1000) put(...plan.shift().slice(1));
      for (const i of [0, 1]) {
        const text = await get("hls/late/live.m3u8", bases[i]);
        if (polls[i].at(-1) !== text) polls[i].push(text);
      }
      await wait(250);
    }
    assert.ok(polls[0].length > 10, `${polls[0].length} different lists`);
    const said = new Map();
    for (const list of polls) {
      check("--polls", ...list.map(keep));
      for (const text of list)
        for (const [number, entry] of entries(text)) {
          assert.equal(said.get(number) ?? entry, entry);
          said.set(number, entry);
        }
    }
    const isGap = (n) => said.get(first + n).includes("EXT-X-GAP");
    assert.deepEqual([5, 6, 8, 10, 11].filter(isGap), [8, 10]);
    const whole = entries(await get(`hls/late/range.m3u8?start=${iso(first * 1000)}&end=${iso(first * 1000 + 30000)}`));
    assert.ok(whole.size >= 15);
  });

  test("ffmpeg decodes every picture, across a change of size", async () => {
    const url = bases[0] + range(T0, T0 + 50000);
    const said = execFileSync("ffprobe", ["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", url], { encoding: "utf8" });
    assert.equal(parseInt(said), 1250);
    const md5 = execFileSync("ffmpeg", ["-v", "fatal", "-i", url, "-f", "framemd5", "-fps_mode", "passthrough", "-"], { encoding: "utf8" });
    assert.equal(md5.match(/^0,/gm).length, 1250);
    const unbroken = bases[0] + range(T0, T0 + 39900); // ffmpeg takes a discontinuity's counters for damage
    const { status, stderr } = spawnSync("ffmpeg", ["-v", "error", "-xerror", "-i", unbroken, "-f", "null", "-"], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  });

  test("GStreamer reads all of it", () => {
    const url = bases[0] + range(T0, T0 + 39900);
    const args = ["-v", "souphttpsrc", `location=${url}`, "!", "hlsdemux", "!", "tsdemux", "!", "h264parse", "!", "video/x-h264,alignment=au", "!"];
    const { status, stdout, stderr } = spawnSync("gst-launch-1.0", [...args, "identity", "silent=false", "!", "fakesink"], { encoding: "utf8", timeout: 60000, maxBuffer: 1 << 26 });
    assert.equal(status, 0, stderr);
    const pictures = stdout.match(/chain +\*+/g)?.length ?? 0;
    assert.ok(pictures === 1000, `${pictures} pictures`);
  });

  test("shaka-player plays a range across a change of size, and live", async () => {
    const page = await lab.page();
    const shaka = require.resolve("shaka-player");
    await page.route("**/shaka.html", (route) => route.fulfill({ contentType: "text/html", body: "<video muted></video><script src=shaka.js></script>" }));
    await page.route("**/shaka.js", (route) => route.fulfill({ contentType: "text/javascript", path: shaka }));
    for (const [list, from, width] of [[range(T0 + 36000, T0 + 50000), 0, 320], ["hls/yard/live.m3u8", null, 640]]) {
      await page.goto(`${bases[0]}shaka.html`);
      await page.evaluate(async ([url, start]) => {
        shaka.polyfill.installAll();
        const player = new shaka.Player();
        await player.attach(document.querySelector("video"));
        await player.load(url, start);
        await document.querySelector("video").play();
      }, [bases[0] + list, from]);
      await until(page, (size) => {
        const video = document.querySelector("video");
        window.begin ??= video.currentTime;
        return video.currentTime > window.begin + 5 && video.videoWidth === size;
      }, width, 40000);
    }
    await page.close();
  });
});
