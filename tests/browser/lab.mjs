// SPDX-License-Identifier: MIT-0
// What the browser tests stand on: a folder of recordings, servers over it, one browser. Environment: S3HLS (the tool),
// S3HLS_STREAMS (generated streams).
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { S3HLS, S3HLS_STREAMS } = process.env;
const BROWSER = "/usr/bin/chromium";
export const FPS = 25;
const BITS = 14; // of the number that each picture carries
const DAY_MS = 86400000;

/** A moment of a day before today, in UTC: beyond what is still moving. */
export const daysAgo = (days, time) =>
  Date.parse(`${new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)}T${time}Z`);

export const missing = () =>
  existsSync(BROWSER) ? (S3HLS && S3HLS_STREAMS ? null : "S3HLS and S3HLS_STREAMS are not set") : `${BROWSER} is not installed`;

export class Lab {
  #children = [];
  work = mkdtempSync(join(tmpdir(), "s3hls-browser-"));

  get store() {
    return `file://${this.work}/store`;
  }

  async open() {
    process.once("exit", () => this.#children.forEach((child) => child.kill("SIGKILL"))); // of a run that broke off
    const flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
    flags.push("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required");
    this.browser = await chromium.launch({ executablePath: BROWSER, chromiumSandbox: false, args: flags });
    this.#encode("clock.h264", "640x360", 240, []);
    this.#encode("deep.h264", "320x180", 6, ["-pix_fmt", "yuv422p10le"]); // High 4:2:2 with 10 bits
  }

  async close() {
    await this.browser?.close();
    for (const child of this.#children) {
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await new Promise((ended) => child.once("exit", ended));
    }
    rmSync(this.work, { recursive: true, force: true });
  }

  /** Each picture carries its number: a row of squares along its lower edge, the lowest bit at the left. */
  #encode(name, size, seconds, options) {
    const [width] = size.split("x");
    const bits = `color=c=black:s=${BITS}x1:r=${FPS}:d=${seconds},format=gray,geq=lum='255*mod(floor(N/pow(2\\,X))\\,2)'`;
    const graph = `testsrc2=s=${size}:r=${FPS}:d=${seconds}[v];${bits},scale=${width}:32:flags=neighbor[b];[v][b]overlay=0:H-32`;
    const codec = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", `${FPS}`, ...options];
    this.#run("ffmpeg", ["-v", "error", "-nostdin", "-filter_complex", graph, ...codec, name]);
  }

  #run(program, args) {
    return execFileSync(program, args, { cwd: this.work, encoding: "utf8", timeout: 60000 });
  }

  /** The first `seconds` of clock.h264, or another stream, as recorded from `start` on. */
  record(camera, start, { seconds, stream = join(this.work, "clock.h264"), to = this.store, options = [] } = {}) {
    let file = stream;
    if (seconds) {
      file = join(this.work, `part-${seconds}.h264`);
      const frames = ["-frames:v", `${seconds * FPS}`];
      if (!existsSync(file)) this.#run("ffmpeg", ["-v", "error", "-nostdin", "-i", stream, "-c", "copy", ...frames, file]);
    }
    if (!file.startsWith("/")) file = join(S3HLS_STREAMS, file);
    const when = ["--start", new Date(start).toISOString(), "--segment-duration", "2"];
    this.#run(S3HLS, ["record", file, "--fps", `${FPS}`, "-q", "--to", `${to}/${camera}`, ...when, ...options]);
  }

  /** A camera that records now, until the end; pictures' numbers count from what is returned. */
  film(camera, { to = this.store, options = [] } = {}) {
    const start = Date.now();
    const when = ["--start", new Date(start).toISOString(), "--realtime", "--segment-duration", "2"];
    const args = ["record", "clock.h264", "--fps", `${FPS}`, "-q", "--to", `${to}/${camera}`, ...when, ...options];
    this.#start(S3HLS, args);
    return start;
  }

  #start(program, args) {
    const child = spawn(program, args, { cwd: this.work, stdio: ["ignore", "ignore", "pipe"] });
    this.#children.push(child);
    return child;
  }

  /** A server over stores; the address of its page, and how to end it before the others. */
  async serve(...args) {
    const child = this.#start(S3HLS, ["serve", "--listen", "127.0.0.1:0", ...args]);
    let words = "";
    const base = await new Promise((ready, failed) => {
      child.stderr.on("data", (data) => {
        words += data;
        const line = words.match(/^s3hls serve: (https?:\S*\/)$/m);
        if (line) ready(line[1]);
      });
      child.once("exit", () => failed(new Error(`the server does not come up: ${words}`)));
    });
    const end = () => (child.kill("SIGKILL"), new Promise((ended) => child.once("exit", ended)));
    return { base, end };
  }

  page(options = {}) {
    return this.browser.newPage({ viewport: { width: 1280, height: 860 }, timezoneId: "Europe/Berlin", locale: "en-GB", ...options });
  }
}

/** The number that the picture carries, read from its lower edge; -1 without a picture. */
export const pictureNumber = (page) =>
  page.evaluate((bits) => {
    const video = document.getElementById("video");
    if (video.readyState < 2) return -1;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const g = canvas.getContext("2d");
    g.drawImage(video, 0, 0);
    const row = g.getImageData(0, canvas.height - 16, canvas.width, 1).data;
    let n = 0;
    for (let i = 0; i < bits; i++) if (row[4 * Math.floor(((i + 0.5) * canvas.width) / bits)] > 127) n += 2 ** i;
    return n;
  }, BITS);

/** The moment that stands over the picture, in ms: from the machine-readable time, to the ms when paused. */
export const shownMoment = (page) => page.$eval("#clock", (clock) => Date.parse(clock.dateTime));

export const playerState = (page) => page.$eval("#stage", (stage) => stage.dataset.state);

export async function untilState(page, state, timeout = 15000) {
  await page.waitForSelector(`#stage[data-state="${state}"]`, { timeout });
}

/** Wait until a predicate of the page's own holds. */
export const until = (page, predicate, argument, timeout = 15000) => page.waitForFunction(predicate, argument, { timeout });
