// SPDX-License-Identifier: MIT-0
// What the browser tests stand on: one browser, folders of recordings, servers over them. Environment: S3HLS (the tool);
// S3HLS_SHOTS: a folder for pictures of the page.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { chromium } from "playwright-core";

const { S3HLS, S3HLS_SHOTS } = process.env;
const BROWSER = "/usr/bin/chromium";
export const FPS = 25;
const BITS = 14; // of the number that each picture carries
const DAY_MS = 86400000;

/** A moment of a day before today, in UTC: beyond what is still moving. */
export const daysAgo = (days, time) =>
  Date.parse(`${new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)}T${time}Z`);

class Lab {
  #children = [];
  work = mkdtempSync(join(tmpdir(), "s3hls-browser-"));

  store(name) {
    return `file://${this.work}/${name}`;
  }

  /** Nothing stays behind of a run that is broken off. */
  constructor() {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
    process.once("exit", () => {
      for (const child of this.#children) child.kill("SIGKILL");
      rmSync(this.work, { recursive: true, force: true });
    });
  }

  async open() {
    const flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
    flags.push("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required");
    this.browser = await chromium.launch({ executablePath: BROWSER, chromiumSandbox: false, args: flags });
    this.encodeNumbers("clock.h264", "640x360", 240);
    this.encodeNumbers("small.h264", "320x180", 10);
    this.repeat("small.h264", 200, "long.h264");
  }

  async close() {
    await this.browser?.close();
    for (const child of this.#children) {
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await new Promise((ended) => child.once("exit", ended));
    }
  }

  /** Each picture carries its number: a row of squares along its lower edge, the lowest bit at the left. */
  encodeNumbers(name, size, seconds, gop = FPS) {
    const [width] = size.split("x");
    const bits = `color=c=black:s=${BITS}x1:r=${FPS}:d=${seconds},format=gray,geq=lum='255*mod(floor(N/pow(2\\,X))\\,2)'`;
    const graph = `testsrc2=s=${size}:r=${FPS}:d=${seconds}[v];${bits},scale=${width}:32:flags=neighbor[b];[v][b]overlay=0:H-32`;
    this.encode(name, graph, gop);
  }

  encode(name, graph, gop = FPS) {
    const codec = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", `${gop}`];
    this.#run("ffmpeg", ["-v", "error", "-nostdin", "-filter_complex", graph, ...codec, name]);
  }

  /** A stream of `times` times another, which begins with a keyframe. */
  repeat(name, times, to) {
    writeFileSync(join(this.work, to), Buffer.concat(Array(times).fill(readFileSync(join(this.work, name)))));
  }

  #run(program, args) {
    return execFileSync(program, args, { cwd: this.work, encoding: "utf8", timeout: 60000 });
  }

  /** Cameras that have recorded nothing yet: cam-0000 and so on. */
  makeFolders(store, count) {
    for (let i = 0; i < count; i++) {
      const folder = join(this.work, store, `cam-${String(i).padStart(4, "0")}`, "timelines");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "1795403520.json"), "{}");
    }
  }

  /** The first `seconds` of a stream, as recorded from `start` on. */
  record(to, start, { seconds, stream = "clock.h264", options = [] }) {
    const file = `${basename(stream, ".h264")}-${seconds}.h264`;
    const frames = ["-frames:v", `${seconds * FPS}`];
    if (!existsSync(join(this.work, file)))
      this.#run("ffmpeg", ["-v", "error", "-nostdin", "-r", `${FPS}`, "-i", stream, "-c", "copy", ...frames, file]);
    this.#run(S3HLS, ["record", file, "-q", ...this.#how(to, start), ...options]);
  }

  /** A camera that records now, until the end. */
  film(to, options = [], stream = "clock.h264") {
    this.#start(S3HLS, ["record", stream, "-q", "--realtime", ...this.#how(to, Date.now()), ...options]);
  }

  #how(to, start) {
    return ["--to", to, "--start", new Date(start).toISOString(), "--fps", `${FPS}`, "--segment-duration", "2"];
  }

  #start(program, args) {
    const child = spawn(program, args, { cwd: this.work, stdio: ["ignore", "ignore", "pipe"] });
    this.#children.push(child);
    return child;
  }

  /** A server over stores; the address of its page, and how to end it before the others. */
  serve(...args) {
    return this.#serving(["serve", "--listen", "127.0.0.1:0", ...args], /^s3hls serve: (https?:\S*\/)$/m);
  }

  /** The same of a site that is recorded: cameras are inputs by name. */
  runSite(store, cameras) {
    const file = join(this.work, "site.yaml");
    const lines = Object.entries(cameras).map(([name, input]) => `  ${name}: { input: "${input}" }\n`);
    writeFileSync(file, `store: "${store}"\nserve: { listen: "127.0.0.1:0" }\ncameras:\n${lines.join("")}`);
    return this.#serving(["run", file], /^s3hls run: serving at (http:\S*\/)$/m);
  }

  async #serving(args, pattern) {
    const child = this.#start(S3HLS, args);
    let words = "";
    const base = await new Promise((ready, failed) => {
      child.stderr.on("data", (data) => {
        words += data;
        const line = words.match(pattern);
        if (line) ready(line[1]);
      });
      child.once("exit", () => failed(new Error(`the server does not come up: ${words}`)));
    });
    const end = () => (child.kill("SIGKILL"), new Promise((ended) => child.once("exit", ended)));
    return { base, end };
  }

  /** A page whose errors end the test, but for the ones that page.expected names. */
  async page(options = {}) {
    const viewport = { width: 1280, height: 860 };
    const page = await this.browser.newPage({ viewport, timezoneId: "Africa/Lagos", locale: "en-GB", ...options });
    page.expected = /status of 404/; // where nothing was recorded
    const refuse = (words) =>
      page.expected.test(words) || ((process.exitCode = 1), console.error(`FAILED: the page says: ${words}`));
    page.on("console", (message) => message.type() === "error" && refuse(message.text()));
    page.on("pageerror", (error) => refuse(error.stack));
    return page;
  }

  /** A picture of the page, where they are wanted. */
  async shoot(page, name) {
    if (S3HLS_SHOTS) await page.screenshot({ path: join(S3HLS_SHOTS, `${name}.png`) });
  }

  freePort() {
    return new Promise((found) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => found(port));
      });
    });
  }

  /** Browsers of any page may read the bucket. */
  allowOrigins(bucket) {
    const { S3HLS_LAB_ENDPOINT_TLS, S3HLS_LAB_CA } = process.env;
    const cors = {
      CORSRules: [
        { AllowedOrigins: ["*"], AllowedMethods: ["GET", "HEAD"], AllowedHeaders: ["*"], ExposeHeaders: ["ETag"] },
      ],
    };
    const args = [
      "--endpoint-url",
      S3HLS_LAB_ENDPOINT_TLS,
      "--ca-bundle",
      S3HLS_LAB_CA,
      "s3api",
      "put-bucket-cors",
      "--bucket",
      bucket,
    ];
    this.#run("aws", [...args, "--cors-configuration", JSON.stringify(cors)]);
  }
}

export const lab = new Lab();

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
export const until = (page, predicate, argument, timeout = 15000) =>
  page.waitForFunction(predicate, argument, { timeout });

/** What the page's own files are over the wire. */
export const pageBytes = (page) =>
  page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .filter((entry) => !/\/(api|hls|media)\//.test(entry.name))
      .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
  );
