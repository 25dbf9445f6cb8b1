// SPDX-License-Identifier: MIT-0
// Sound and H.265 on the page: fragmented MP4 plays with sound, and what the browser cannot play is explained. Live goes on
// where a camera needs another target duration.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { daysAgo, lab, until, untilState } from "./lab.mjs";

const T0 = daysAgo(2, "10:00:00");
const STORE = lab.store("tracks");
let base;

/** 20 s of pictures and sound. */
function make(name, video, audio) {
  const pictures = `testsrc2=s=320x240:r=25:d=20`;
  const sound = `sine=frequency=440:sample_rate=48000:duration=20`;
  const codecs = ["-c:v", video, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", audio, "-strict", "-2"];
  const inputs = ["-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", sound];
  execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...inputs, ...codecs, "-x265-params", "log-level=none", name], {
    cwd: lab.work,
    timeout: 60000,
  });
}

function record(camera, file, ...options) {
  const start = ["--start", new Date(T0).toISOString(), "--segment-duration", "2"];
  execFileSync(process.env.S3HLS, ["record", join(lab.work, file), "-q", "--to", `${STORE}/${camera}`, ...start, ...options]);
}

async function open(camera) {
  const page = await lab.page();
  await page.goto(`${base}#camera=${camera}&t=${new Date(T0 + 2000).toISOString()}`);
  return page;
}

/** Bytes of decoded audio and pictures, and how the sound is set. */
const heard = (page) =>
  page.evaluate(() => {
    const video = document.getElementById("video");
    return { audio: video.webkitAudioDecodedByteCount, muted: video.muted, volume: video.volume };
  });

describe("tracks", { timeout: 120000 }, () => {
  before(async () => {
    make("avc.mp4", "libx264", "aac");
    make("flac.mp4", "libx264", "flac");
    make("hevc.mp4", "libx265", "aac");
    record("ts", "avc.mp4");
    record("mp4", "avc.mp4", "--container", "fmp4");
    record("flac", "flac.mp4");
    record("hevc", "hevc.mp4");
    lab.encodeNumbers("first.h264", "640x360", 6);
    ({ base } = await lab.serve(STORE));
  });

  for (const camera of ["ts", "mp4", "flac"])
    test(`${camera} plays with sound`, async () => {
      const page = await open(camera);
      await untilState(page, "playing", 30000);
      await until(page, () => document.getElementById("video").webkitAudioDecodedByteCount > 1000, null, 20000);
      assert.equal((await heard(page)).muted, true); // until it is requested
      await page.close();
    });

  test("sound and volume are remembered", async () => {
    const page = await open("mp4");
    await untilState(page, "playing", 30000);
    await page.click("#sound");
    await page.fill("#volume", "0.3");
    assert.equal(await page.getAttribute("#sound", "aria-pressed"), "true");
    await page.reload();
    await untilState(page, "playing", 30000);
    const { muted, volume } = await heard(page);
    assert.equal(muted, false);
    assert.ok(Math.abs(volume - 0.3) < 0.001);
    await page.keyboard.press("m");
    assert.equal((await heard(page)).muted, true);
    await page.close();
  });

  test("H.265 that cannot be played is explained, and nothing of it is loaded", async (t) => {
    const page = await open("hevc");
    if (await page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L60.90"')))
      return t.skip("this browser plays H.265");
    const loaded = [];
    page.on("request", (request) => loaded.push(request.url()));
    await untilState(page, "codec", 20000);
    assert.match(await page.textContent("#notice"), /records H\.265, which this browser cannot play.*set the camera to H\.264/);
    assert.ok(!loaded.some((url) => /\.m4s|timelines/.test(url)), loaded.join(" "));
    await page.close();
  });

  test("live goes on in another playlist where the target duration rises", async () => {
    lab.film(`${STORE}/grows`, [], "first.h264"); // with segments of 2 s
    while ((await fetch(`${base}hls/grows/live.m3u8`)).status !== 200) await new Promise((done) => setTimeout(done, 300));
    const page = await lab.page();
    const lists = [];
    page.on("request", (request) => /live\.m3u8/.test(request.url()) && lists.push(request.url()));
    await page.goto(`${base}#camera=grows`);
    await untilState(page, "playing", 20000);
    await until(page, () => document.getElementById("video").currentTime > 2, null, 20000);
    lab.film(`${STORE}/grows`, ["--segment-duration", "4"], "small.h264");
    await until(page, () => document.getElementById("video").videoWidth === 320, null, 30000);
    assert.match(lists[0], /live\.m3u8\?target=2$/);
    assert.match(lists.at(-1), /live\.m3u8\?target=4$/);
    await page.close();
  });
});
