// SPDX-License-Identifier: MIT-0
// The page over a real S3 server: segments come from there, by presigned addresses. Environment: S3HLS_LAB_*.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { daysAgo, lab, pictureNumber, shownMoment, until, untilState } from "./lab.mjs";

const { S3HLS_LAB_ENDPOINT_TLS, S3HLS_LAB_CA, S3HLS_LAB_BUCKET } = process.env;
const T0 = daysAgo(1, "10:00:00");
const s3 = ["--endpoint", S3HLS_LAB_ENDPOINT_TLS, "--ca", S3HLS_LAB_CA];
const to = `s3://${S3HLS_LAB_BUCKET}/browser-${process.pid}`;
let base;

const at = (ms) => `${base}#camera=hall&t=${new Date(ms).toISOString()}`;

describe("s3", { timeout: 120000, skip: !S3HLS_LAB_BUCKET && "no S3 server: tests/lab/rgw-up.sh has not run" }, () => {
  before(async () => {
    lab.allowOrigins(S3HLS_LAB_BUCKET);
    lab.film(`${to}/yard`, s3);
    await setTimeout(5000); // the server looks for cameras each 10 s only
    lab.record(`${to}/hall`, T0, { seconds: 120, options: s3 });
    ({ base } = await lab.serve(to, ...s3, "--presign"));
  });

  test("live and past play from S3 itself", async () => {
    const page = await lab.page({ ignoreHTTPSErrors: true });
    const hosts = new Set();
    page.on("request", (r) => /\.ts\?/.test(r.url()) && hosts.add(new URL(r.url()).origin));
    await page.goto(`${base}#camera=yard`);
    await untilState(page, "playing", 30000);
    await page.waitForTimeout(3000);
    const behind = Date.now() - (await shownMoment(page));
    assert.ok(behind < 9000, `${behind} ms behind`); // three segments, and a busy machine
    await page.goto(at(T0 + 20000));
    await until(page, (ms) => Date.parse(document.getElementById("clock").dateTime) < ms, T0 + 60000);
    await untilState(page, "playing");
    const number = await pictureNumber(page);
    assert.ok(number >= 499 && number < 650, `picture ${number}`);
    assert.deepEqual([...hosts], [new URL(S3HLS_LAB_ENDPOINT_TLS).origin]);
    await page.close();
  });

  test("addresses that have expired are renewed, and playing goes on", async () => {
    const page = await lab.page({ ignoreHTTPSErrors: true });
    page.expected = /status of 40[34]/;
    const dates = new Set();
    let refused = 0;
    await page.route(/X-Amz-Date=/, (route) => {
      const date = new URL(route.request().url()).searchParams.get("X-Amz-Date");
      dates.add(date);
      const expired = date === [...dates][0] && Date.now() > began + 2000;
      if (!expired) return route.continue();
      refused++;
      return route.fulfill({
        status: 403,
        headers: { "access-control-allow-origin": "*" },
        body: "<Error><Code>AccessDenied</Code></Error>",
      });
    });
    const began = Date.now();
    await page.goto(at(T0 + 5000));
    await untilState(page, "playing");
    await page.selectOption("#speed", "4");
    await until(page, (ms) => Date.parse(document.getElementById("clock").dateTime) >= ms, T0 + 70000, 60000);
    assert.ok(refused > 0 && dates.size > 1, `${refused} refused, ${dates.size} signatures`);
    await page.close();
  });
});
