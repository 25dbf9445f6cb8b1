// SPDX-License-Identifier: MIT-0
// Recordings with sound in both containers, and H.265, as others read them: ffprobe, GStreamer, mp4box, Chromium's own HLS,
// and hls.js on the page in Firefox, which plays H.265.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { createFile, MP4BoxBuffer } from "mp4box";
import puppeteer from "puppeteer-core";
import { daysAgo, lab, until } from "./lab.mjs";

const T0 = daysAgo(2, "10:00:00");
const STORE = lab.store("readers");
const FIREFOX = "/usr/bin/firefox-esr";
const [SECONDS, FPS, RATE, SAMPLES] = [8, 25, 48000, 1024];
const CAMERAS = { "avc-ts": "ts", "avc-mp4": "m4s", "hevc-mp4": "m4s", "hevc-ts": "ts" };
let base;

const range = (camera) => `${base}hls/${camera}/range.m3u8?start=${T0 / 1000}&end=${T0 / 1000 + SECONDS}`;

function make(name, video) {
  const inputs = ["-f", "lavfi", "-i", `testsrc2=s=320x240:r=${FPS}:d=${SECONDS}`, "-f", "lavfi", "-i", `sine=r=${RATE}:d=${SECONDS}`];
  const codecs = ["-c:v", video, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", `${FPS}`, "-bf", "2", "-c:a", "aac"];
  const x265 = ["-x265-params", "log-level=none:open-gop=0"];
  execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...inputs, ...codecs, ...x265, name], { cwd: lab.work, timeout: 60000 });
}

function record(camera, file, container) {
  const start = ["--start", new Date(T0).toISOString(), "--segment-duration", "2", "--container", container];
  const done = spawnSync(process.env.S3HLS, ["record", join(lab.work, file), "-q", "--to", `${STORE}/${camera}`, ...start], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
}

/** Files of a camera, by suffix, in order. */
function files(camera, suffix) {
  const folder = join(lab.work, "readers", camera);
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(suffix)).sort().map((name) => join(folder, name));
}

/** Audio frames of the recording, but for the encoder's padding. */
const isAll = (frames) => assert.ok(Math.abs(frames - (SECONDS * RATE) / SAMPLES) <= 3, `${frames} audio frames`);

describe("readers", { timeout: 120000 }, () => {
  before(async () => {
    make("readers-avc.mp4", "libx264");
    make("readers-hevc.mp4", "libx265");
    for (const camera of Object.keys(CAMERAS)) record(camera, `readers-${camera.split("-")[0]}.mp4`, camera.endsWith("ts") ? "ts" : "fmp4");
    ({ base } = await lab.serve(STORE));
  });

  for (const camera of Object.keys(CAMERAS)) {
    test(`ffprobe and ffmpeg: ${camera}`, () => {
      const args = ["-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv=p=0", range(camera)];
      const said = execFileSync("ffprobe", args, { encoding: "utf8" });
      assert.equal(+said.match(/video,(\d+)/)[1], SECONDS * FPS);
      isAll(+said.match(/audio,(\d+)/)[1]);
      const { status, stderr } = spawnSync("ffmpeg", ["-v", "error", "-xerror", "-i", range(camera), "-f", "null", "-"], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.equal(stderr, "");
    });

    test(`GStreamer: ${camera}`, () => {
      const parser = camera.startsWith("avc") ? "h264parse" : "h265parse";
      const alignment = `video/${camera.startsWith("avc") ? "x-h264" : "x-h265"},alignment=au`;
      const demuxer = camera.endsWith("ts") ? "tsdemux" : "qtdemux";
      const args = ["souphttpsrc", `location=${range(camera)}`, "!", "hlsdemux", "!", demuxer, "name=d"];
      const video = ["d.", "!", "queue", "!", parser, "!", alignment, "!"];
      const audio = ["d.", "!", "queue", "!", "aacparse", "!"];
      const print = ["identity", "silent=false", "!", "fakesink", "async=false"]; // a fragment has its sound behind its pictures
      const count = (...branches) => {
        const { status, stdout, stderr } = spawnSync("gst-launch-1.0", ["-v", ...args, ...branches], { encoding: "utf8", timeout: 30000, maxBuffer: 1 << 26 });
        assert.equal(status, 0, stderr);
        return stdout.match(/chain +\*+/g)?.length ?? 0;
      };
      assert.equal(count(...video, ...print, ...audio, "fakesink", "async=false"), SECONDS * FPS);
      isAll(count(...audio, ...print, ...video, "fakesink", "async=false"));
    });
  }

  for (const camera of ["avc-mp4", "hevc-mp4"])
    test(`mp4box: ${camera}`, () => {
      const file = createFile();
      const samples = { video: [], audio: [] };
      let info, at = 0;
      file.onReady = (found) => {
        info = found;
        for (const track of found.tracks) file.setExtractionOptions(track.id, track.type, { nbSamples: 1000 });
        file.start();
      };
      file.onSamples = (id, type, found) => samples[type].push(...found);
      for (const name of [...files(camera, ".mp4"), ...files(camera, ".m4s")]) {
        const bytes = readFileSync(name);
        const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
        at = file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(buffer, at), false) && at + bytes.length;
      }
      file.flush();
      assert.ok(info?.isFragmented);
      assert.deepEqual(info.tracks.map((track) => track.codec.replace(/^(hvc1|avc1)\..*/, "$1")), [camera.startsWith("avc") ? "avc1" : "hvc1", "mp4a.40.2"]);
      assert.equal(samples.video.length, SECONDS * FPS);
      isAll(samples.audio.length);
      assert.equal(samples.video.filter((sample) => sample.is_sync).length, SECONDS);
      for (const track of ["video", "audio"])
        for (const [i, sample] of samples[track].entries())
          if (i) assert.equal(sample.dts, samples[track][i - 1].dts + samples[track][i - 1].duration, `${track} ${i}`);
    });

  for (const camera of ["avc-ts", "avc-mp4"])
    test(`Chromium's own HLS: ${camera}`, async (t) => {
      const page = await lab.page();
      await page.route("**/own.html", (route) => route.fulfill({ contentType: "text/html", body: "<video muted></video>" }));
      await page.goto(`${base}own.html`);
      if (!(await page.evaluate(() => document.createElement("video").canPlayType("application/vnd.apple.mpegurl")))) {
        await page.close();
        return t.skip("this Chromium has no HLS of its own");
      }
      await page.evaluate((url) => {
        const video = document.querySelector("video");
        video.src = url;
        return video.play();
      }, range(camera));
      await until(page, () => {
        const video = document.querySelector("video");
        return video.currentTime > 3 && video.webkitAudioDecodedByteCount > 1000 && video.webkitDecodedFrameCount > 50;
      });
      await page.close();
    });

  test("Firefox plays H.264 and H.265 with sound on the page, and explains H.265 in MPEG-TS", async (t) => {
    if (!existsSync(FIREFOX)) return t.skip("firefox-esr is not installed");
    const profile = join(lab.work, "firefox");
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: FIREFOX,
      headless: true,
      userDataDir: profile,
      extraPrefsFirefox: { "media.autoplay.default": 0 },
    });
    try {
      const page = await browser.newPage();
      for (const camera of Object.keys(CAMERAS)) {
        await page.goto("about:blank");
        await page.goto(`${base}#camera=${camera}&t=${new Date(T0 + 1000).toISOString()}`);
        const shown = () => {
          const video = document.getElementById("video");
          const stage = document.getElementById("stage").dataset.state;
          const frames = video.getVideoPlaybackQuality().totalVideoFrames;
          return ["codec", "container", "undecodable"].includes(stage) ? stage : video.currentTime > 2 && frames > 25 && `${video.videoWidth} ${video.mozHasAudio}`;
        };
        const seen = await (await page.waitForFunction(shown, { timeout: 20000 })).jsonValue();
        assert.equal(seen, camera === "hevc-ts" ? "container" : "320 true", camera); // hls.js plays it in fragmented MP4 alone
      }
    } finally {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    }
  });
});
