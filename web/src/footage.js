// SPDX-License-Identifier: MIT-0
// Footage from a given time on, as one playlist that grows while it is watched. It consists of consecutive windows of
// the server's range playlists. The player receives a live playlist, which omits time without a recording. Expiring
// URLs are renewed.
import * as api from "./api.js";

const WINDOW_MS = 30 * 60000;
const BEFORE_MS = 60000; // allows stepping back without another request
const KEPT_MS = 30 * 60000; // before the current picture
const RENEW_MS = 30 * 60000; // presigned URLs are valid for one hour after their range
const JOINED_MS = 100; // a shorter distance is not a gap
const LIVE_MS = 180000; // before the current time: the window in which a live list begins
const LATE_MS = 60000; // without a new segment for this long, the camera has stopped

/** The part of a URL that does not change with its signature. */
const keyOf = (address) => address.split("?")[0];
const timelineOf = (address) => keyOf(address).match(/-(\d+)\.(?:ts|m4s)$/)?.[1];
/** The segment begins inside a group of pictures: it needs the previous segment to decode. */
const isInner = (segment) => innerAddress(segment.address);
export const innerAddress = (address) => /-inner-\d+-\d+\.(?:ts|m4s)$/.test(keyOf(address));

const parseMap = (line, base) => ({
  address: new URL(line.match(/URI="([^"]*)"/)[1], base).href,
  range: line.match(/,BYTERANGE="[^"]*"/)?.[0] ?? "",
});
const formatMap = ({ address, range }) => `#EXT-X-MAP:URI="${address}"${range}`;

/** Segments of a media playlist, each with the wall time of its begin and end, and its initialisation segment; gaps are
 * omitted. */
export function parse(text, base) {
  const segments = [];
  let at = null;
  let length = 0;
  let gap = false;
  let map = null; // initialisation segment: { address, range }
  for (const line of text.split("\n")) {
    if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) at = Date.parse(line.slice(25));
    else if (line.startsWith("#EXTINF:")) length = Math.round(parseFloat(line.slice(8)) * 1000);
    else if (line === "#EXT-X-GAP") gap = true;
    else if (line.startsWith("#EXT-X-MAP:")) map = parseMap(line, base);
    else if (line && !line.startsWith("#")) {
      if (!gap) segments.push({ address: new URL(line, base).href, from: at, to: at + length, map });
      at += length;
      gap = false;
    }
  }
  return segments;
}

/** The time jumps, or the parameters change, between two segments. */
const broken = (a, b) => Math.abs(b.from - a.to) > JOINED_MS || timelineOf(a.address) !== timelineOf(b.address);

/** Groups of segments that a player can load: a segment that begins inside a group of pictures is joined to those it needs. */
export function joined(segments) {
  const groups = [];
  for (const s of segments) {
    const last = groups.at(-1);
    if (last && isInner(s) && !broken(last.parts.at(-1), s)) {
      last.parts.push(s);
      last.to = s.to;
    } else groups.push({ ...s, parts: [s] });
  }
  return groups;
}

/** Offset of a time within the segments, played consecutively, in seconds. */
function offsetOf(segments, ms) {
  let before = 0;
  for (const s of segments) {
    if (ms < s.to) return (before + Math.max(0, ms - s.from)) / 1000;
    before += s.to - s.from;
  }
  return before / 1000;
}

/** The segments as a playlist, from whose beginning `first` segments with `breaks` discontinuities were removed. */
export function format(segments, { first, breaks, start, ended }) {
  const target = Math.max(1, ...segments.map((s) => Math.ceil((s.to - s.from) / 1000)));
  const lines = [
    "#EXTM3U",
    `#EXT-X-VERSION:${segments.some((s) => s.map) ? 7 : 3}`,
    `#EXT-X-TARGETDURATION:${target}`,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${breaks}`,
    `#EXT-X-START:TIME-OFFSET=${offsetOf(segments, start).toFixed(3)},PRECISE=YES`,
  ];
  segments.forEach((s, i) => {
    if (i > 0 && broken(segments[i - 1], s)) lines.push("#EXT-X-DISCONTINUITY");
    if (s.map && s.map.address !== segments[i - 1]?.map?.address) lines.push(formatMap(s.map));
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(s.from).toISOString()}`);
    lines.push(`#EXTINF:${((s.to - s.from) / 1000).toFixed(3)},`, s.address);
  });
  if (ended) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

export class Footage {
  #aborter = new AbortController();
  #segments = [];
  #left = { first: 0, breaks: 0 };
  #asked = 0; // when the URLs were created
  #edge; // end of the known segments
  #until; // end of the requested range
  #parts = new Map(); // URLs of a listed segment's parts, by its URL
  #stale = false;
  #ended = false;

  /** @param {number|null} start  null: the newest complete group of pictures
   *  @param {() => number} position  wall time of the picture
   *  @param {() => number} ahead  how far to load ahead of it, ms
   *  @param {() => number} now  current time of the server */
  constructor(camera, start, { position, ahead, now }) {
    Object.assign(this, { camera, start, position, ahead, now });
  }

  close() {
    this.#aborter.abort();
  }

  /** Renew all URLs, because one was refused. */
  renew() {
    this.#stale = true;
  }

  /** The playlist, as soon as it has changed. */
  async next() {
    if (this.#segments.length === 0) await this.#open();
    else while (!(await this.#refreshOrWait())) await this.#pause(500);
    const groups = this.#listed();
    this.#parts = new Map(groups.map((g) => [g.address, g.parts.map((s) => s.address)]));
    return format(groups, { ...this.#left, start: this.start, ended: this.#ended });
  }

  /** URLs of the parts that a listed URL consists of, in order. */
  partsOf(address) {
    return this.#parts.get(address) ?? [address];
  }

  /** A listed segment must not grow: a last group of pictures that may still grow is listed later. */
  #listed() {
    const groups = joined(this.#segments);
    const more = !this.#ended && (this.#edge >= this.#until || this.now() - this.#edge < LATE_MS);
    if (more && groups.length > 1 && this.#segments.some(isInner)) groups.pop();
    return groups;
  }

  #pause(ms) {
    return new Promise((resolve, reject) => {
      const { signal } = this.#aborter;
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
    });
  }

  async #ask(from, to) {
    this.#until = Math.max(to, this.#until ?? 0);
    from = Math.max(from, api.access.from);
    to = Math.min(to, api.access.to);
    if (from >= to) return [];
    try {
      const text = await api.range(this.camera, from, to, this.#aborter.signal);
      return parse(text, api.rangeAddress(this.camera, from, to));
    } catch (problem) {
      if (problem.status === 404) return [];
      throw problem;
    }
  }

  async #open() {
    const from = this.start === null ? this.now() - LIVE_MS : this.start - BEFORE_MS;
    this.#segments = await this.#ask(from, (this.start ?? this.now()) + WINDOW_MS);
    this.#asked = Date.now();
    this.#edge = this.#segments.at(-1)?.to;
    this.start ??= this.#listed().at(-1)?.from ?? 0;
    if (!this.#segments.some((s) => s.to > this.start)) {
      this.#segments = [];
      throw new api.Problem(404, "Nothing was recorded at this time.");
    }
  }

  /** Retry while the server is unreachable; meanwhile the loaded footage can be played. */
  async #refreshOrWait() {
    try {
      return await this.#refresh();
    } catch (problem) {
      if (problem.status !== api.AWAY && !(problem.status >= 500)) throw problem;
      await this.#pause(2000);
      return false;
    }
  }

  async #refresh() {
    if (this.#stale || Date.now() - this.#asked > RENEW_MS) return this.#readdress();
    return this.#listed().at(-1).to - this.position() < this.ahead() && (await this.#grow());
  }

  async #readdress() {
    this.#trim(this.position() - BEFORE_MS);
    const fresh = new Map();
    for (const s of await this.#ask(this.#segments[0].from, this.#edge)) fresh.set(keyOf(s.address), s);
    for (const s of this.#segments) {
      const { address, map } = fresh.get(keyOf(s.address)) ?? s;
      Object.assign(s, { address, map });
    }
    this.#asked = Date.now();
    this.#stale = false;
    return true;
  }

  async #grow() {
    let from = this.#edge;
    let found = await this.#after(from);
    if (found.length === 0 && (this.now() - from > LATE_MS || from >= api.access.to)) {
      from = await this.#nextRecording(from);
      found = from === null ? [] : await this.#after(from);
      this.#ended = found.length === 0;
      if (this.#ended) return true;
    }
    if (found.length === 0) {
      await this.#pause(2000); // the next one is being recorded
      return false;
    }
    this.#segments.push(...found);
    this.#edge = found.at(-1).to;
    this.#trim(this.position() - KEPT_MS);
    return true;
  }

  async #after(from) {
    const last = this.#segments.at(-1);
    const found = await this.#ask(from, from + WINDOW_MS);
    return found.filter((s) => s.from > last.from && keyOf(s.address) !== keyOf(last.address));
  }

  async #nextRecording(from) {
    const end = Math.min(this.now(), from + 31 * 86400000, api.access.to);
    if (from >= end) return null;
    const { spans } = await api.timeline(this.camera, from, end, this.#aborter.signal);
    return spans.find((span) => span[1] > from + JOINED_MS)?.[0] ?? null;
  }

  /** Remove complete groups of pictures that end before a time. */
  #trim(before) {
    for (const group of joined(this.#segments).slice(0, -1)) {
      if (group.to >= before) return;
      const [old] = this.#segments.splice(0, group.parts.length).slice(-1);
      this.#left.first++;
      if (broken(old, this.#segments[0])) this.#left.breaks++;
    }
  }
}
