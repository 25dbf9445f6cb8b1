// SPDX-License-Identifier: MIT-0
// The server's API (docs/openapi.yaml), by token, share link or neither.

export const AWAY = 0;

/** An error response, or an unreachable server (status AWAY). */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** Credentials of the viewer. A share link opens one camera from..to only. */
export const access = {
  token: sessionStorage.getItem("token"),
  share: null,
  from: -Infinity,
  to: Infinity,
  signIn(token) {
    this.token = token;
    if (token) sessionStorage.setItem("token", token);
    else sessionStorage.removeItem("token");
  },
  headers() {
    return this.token && !this.share ? { Authorization: `Bearer ${this.token}` } : {};
  },
};

/** Offset of the server's clock from ours, ms; HTTP states it in seconds. */
let ahead = 0;

/** Current time of the server. */
export const now = () => Date.now() + ahead;

function setClock(response) {
  const difference = Date.parse(response.headers.get("Date")) - Date.now();
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) < 2000 ? 0 : difference;
}

export function address(path, params = {}) {
  const query = new URLSearchParams(params);
  if (access.share) query.set("share", access.share);
  const text = query.toString();
  return new URL(text ? `${path}?${text}` : path, document.baseURI).href;
}

const camera = (id) => encodeURIComponent(id);
const iso = (ms) => new Date(ms).toISOString();

async function ask(path, params, options = {}) {
  let response;
  try {
    response = await fetch(address(path, params), {
      ...options,
      headers: access.headers(),
      signal: AbortSignal.any([AbortSignal.timeout(30000), ...(options.signal ? [options.signal] : [])]),
    });
    setClock(response);
    if (response.ok) return await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(AWAY, "The server cannot be reached.");
  }
  const problem = await response.json().catch(() => ({}));
  throw new Problem(response.status, problem.detail ?? response.statusText);
}

const askJson = async (...request) => JSON.parse(await ask(...request));

/** All cameras, by name; with first and count (100 at most) only these, with their current states. */
export const cameras = (chosen = {}) => askJson("api/cameras", chosen);

export async function days(id, year, month) {
  const text = `${year}-${String(month + 1).padStart(2, "0")}`;
  return (await askJson(`api/cameras/${camera(id)}/days`, { month: text })).days;
}

/** Recorded spans of a range (32 days at most) as [from, to] pairs; `now` is the server's. */
export async function timeline(id, from, to, signal) {
  const t = await askJson(`api/cameras/${camera(id)}/timeline`, { from: iso(from), to: iso(to) }, { signal });
  return {
    now: Date.parse(t.now),
    spans: t.spans.map((s) => [Date.parse(s.from), Date.parse(s.to)]),
  };
}

export const rangeAddress = (id, start, end) =>
  address(`hls/${camera(id)}/range.m3u8`, { start: iso(start), end: iso(end) });

export const range = (id, start, end, signal) =>
  ask(`hls/${camera(id)}/range.m3u8`, { start: iso(start), end: iso(end) }, { signal });

/** The multivariant playlist of a range, or, without one, of live. */
export const master = (id, start, end) =>
  ask(`hls/${camera(id)}/master.m3u8`, start === null ? {} : { start: iso(start), end: iso(end) });

/** Names the live playlist that a player may follow: it ends where the camera needs another target duration. */
export const liveAddress = (id) => address(`hls/${camera(id)}/master.m3u8`);

/** A share link's proof, which opens one camera from start to end. */
export const share = (id, start, end, seconds) =>
  askJson(`api/cameras/${camera(id)}/share`, { start: iso(start), end: iso(end), expires: seconds }, { method: "POST" });

/** URL of a clip for a download, which sends no headers: with a token, a share link is created for it. */
export async function clipAddress(id, start, end) {
  const url = new URL(address(`clip/${camera(id)}.mp4`, { start: iso(start), end: iso(end) }));
  if (access.token && !access.share) url.searchParams.set("share", (await share(id, start, end, 7200)).share);
  return url.href;
}
