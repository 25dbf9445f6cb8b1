// SPDX-License-Identifier: MIT-0
// Recorded spans of a camera. They are requested in pieces when they become visible, and cached.
import * as api from "./api.js";

const PIECE_MS = 6 * 3600000;
const REFRESH_MS = 5000; // the piece that contains the current time
const AT_ONCE = 4;
const JOINED_MS = 100;

export class Recordings extends EventTarget {
  #pieces = new Map(); // beginning -> { spans, until, asked, busy }: known up to `until`
  #queue = [];
  #running = 0;
  #aborter = new AbortController();

  constructor(camera, now) {
    super();
    this.camera = camera;
    this.now = now;
  }

  close() {
    this.#aborter.abort();
  }

  /** Request the unknown pieces of a range. */
  want(from, to) {
    this.#queue = []; // pieces that are not visible any more need no request
    const end = Math.min(to, this.now(), api.access.to);
    for (let begin = Math.floor(Math.max(from, api.access.from) / PIECE_MS) * PIECE_MS; begin < end; begin += PIECE_MS) {
      const piece = this.#pieces.get(begin);
      const moving = piece && piece.until < begin + PIECE_MS;
      const due = !piece || (moving && Date.now() - piece.asked > REFRESH_MS);
      if (due && !piece?.busy) this.#queue.push(begin);
    }
    this.#work();
  }

  #work() {
    while (this.#running < AT_ONCE && this.#queue.length > 0) {
      this.#running++;
      this.#load(this.#queue.pop()).finally(() => {
        this.#running--;
        this.#work();
      });
    }
  }

  async #load(begin) {
    const piece = this.#pieces.get(begin) ?? { spans: [], until: begin };
    Object.assign(piece, { busy: true, asked: Date.now() });
    this.#pieces.set(begin, piece);
    try {
      const from = Math.max(begin, api.access.from);
      const to = Math.min(begin + PIECE_MS, api.access.to);
      const { spans, now } = await api.timeline(this.camera, from, to, this.#aborter.signal);
      Object.assign(piece, { spans, until: now < to ? now : begin + PIECE_MS });
      this.dispatchEvent(new Event("change"));
    } catch (problem) {
      if (!this.#aborter.signal.aborted) this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
    } finally {
      piece.busy = false;
    }
  }

  /** Known data of a range: recorded spans, and the parts that are loaded. */
  known(from, to) {
    const spans = [];
    const loaded = [];
    for (let begin = Math.floor(from / PIECE_MS) * PIECE_MS; begin < to; begin += PIECE_MS) {
      const piece = this.#pieces.get(begin);
      if (!piece) continue;
      if (piece.until > begin) loaded.push([begin, piece.until]);
      for (const span of piece.spans) {
        const last = spans.at(-1);
        if (last && span[0] - last[1] <= JOINED_MS) last[1] = span[1];
        else spans.push([...span]);
      }
    }
    return { spans, loaded };
  }

  /** Beginning of the first recording after a time, within a month; null: none. */
  async after(ms) {
    const end = Math.min(ms + 31 * 86400000, this.now(), api.access.to);
    if (ms >= end) return null;
    const { spans } = await api.timeline(this.camera, ms, end, this.#aborter.signal);
    return spans[0]?.[0] ?? null;
  }

  /** A time shortly before the end of the newest recording of the last twelve months; null: none. */
  async newest() {
    const today = new Date(this.now());
    for (let back = 0; back < 12; back++) {
      const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - back));
      const days = await api.days(this.camera, month.getUTCFullYear(), month.getUTCMonth());
      if (days.length === 0) continue;
      const begin = Date.parse(days.at(-1));
      const { spans } = await api.timeline(this.camera, begin, begin + 86400000, this.#aborter.signal);
      if (spans.length > 0) return Math.max(spans.at(-1)[0], spans.at(-1)[1] - 10000);
    }
    return null;
  }
}
