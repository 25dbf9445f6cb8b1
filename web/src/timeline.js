// SPDX-License-Identifier: MIT-0
// The timeline: a canvas that shows a time span, its recordings, the current time, the time of the picture and a
// selection. It is a slider for keyboards and screen readers. Its owner sets the span. Events: "seek", "view" (another
// span is visible) and "select".
import { clockText, dateText, dayText, offset } from "./time.js";

const MIN_MS = 20000;
const MAX_MS = 7 * 86400000;
const GRIP_PX = 12;
const CLICK_PX = 5;
const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400].map((s) => s * 1000);

const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

export class Timeline extends EventTarget {
  from = 0;
  to = 1;
  now = 0;
  cursor = null;
  selection = null; // [from, to]
  #pointers = new Map(); // id -> x
  #drag = null;
  #hover = null;
  #drawing = false;
  #touched = -Infinity; // when the viewer last moved it

  /** @param {() => {spans: number[][], loaded: number[][]}} known  recordings of a range */
  constructor(canvas, known) {
    super();
    this.canvas = canvas;
    this.known = known;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    canvas.addEventListener("wheel", (e) => this.#wheel(e), { passive: false });
    canvas.addEventListener("pointerdown", (e) => this.#down(e));
    canvas.addEventListener("pointermove", (e) => this.#move(e));
    canvas.addEventListener("pointerup", (e) => this.#up(e));
    canvas.addEventListener("pointercancel", (e) => this.#up(e, true));
    canvas.addEventListener("pointerleave", () => this.#point(null));
    canvas.addEventListener("keydown", (e) => this.#key(e));
  }

  /** Show from..to, within the permitted limits. */
  show(from, to) {
    const span = clamp(to - from, MIN_MS, MAX_MS);
    const middle = (from + to) / 2;
    this.from = Math.min(middle - span / 2, this.now - span * 0.05);
    this.to = this.from + span;
    if (this.cursor !== null) this.#describe();
    this.#say("view");
    this.draw();
  }

  zoom(factor, around = (this.from + this.to) / 2) {
    const span = clamp((this.to - this.from) * factor, MIN_MS, MAX_MS);
    const part = (around - this.from) / (this.to - this.from);
    this.show(around - part * span, around + (1 - part) * span);
  }

  /** Move the cursor. The visible span follows, unless the viewer has moved it. */
  follow(cursor) {
    this.cursor = cursor;
    const span = this.to - this.from;
    const busy = this.#pointers.size > 0 || performance.now() - this.#touched < 8000;
    if (!busy && (cursor < this.from || cursor > this.to - span * 0.08)) this.show(cursor - span / 2, cursor + span / 2);
    this.#describe();
    this.draw();
  }

  draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#paint();
    });
  }

  // ---- input

  #say(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #describe() {
    const { canvas } = this;
    const at = Math.round(this.cursor / 1000);
    canvas.setAttribute("aria-valuemin", Math.round(this.from / 1000));
    canvas.setAttribute("aria-valuemax", Math.round(Math.min(this.to, this.now) / 1000));
    canvas.setAttribute("aria-valuenow", at);
    canvas.setAttribute("aria-valuetext", `${dayText(this.cursor, "medium")}, ${clockText(this.cursor)}`);
  }

  get #width() {
    return this.canvas.clientWidth;
  }

  #x(ms) {
    return ((ms - this.from) / (this.to - this.from)) * this.#width;
  }

  #ms(x) {
    return this.from + (x / this.#width) * (this.to - this.from);
  }

  #at(event) {
    return event.clientX - this.canvas.getBoundingClientRect().left;
  }

  #wheel(event) {
    event.preventDefault();
    this.#touched = performance.now();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) this.#pan((event.deltaX || event.deltaY) * lines);
    else this.zoom(Math.exp(event.deltaY * lines * 0.002), this.#ms(this.#at(event)));
  }

  #pan(pixels) {
    const ms = (pixels / this.#width) * (this.to - this.from);
    this.show(this.from + ms, this.to + ms);
  }

  /** End of the selection at a point: 0, 1 or -1 (none). */
  #grip(x) {
    return this.selection?.findIndex((ms) => Math.abs(this.#x(ms) - x) < GRIP_PX) ?? -1;
  }

  #down(event) {
    const x = this.#at(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, x);
    this.#drag = { begin: x, moved: this.#pointers.size > 1, grip: this.#grip(x) };
  }

  #move(event) {
    const x = this.#at(event);
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) return this.#point(x);
    this.#touched = performance.now();
    if (this.#pointers.size === 2) this.#pinch(event.pointerId, before, x);
    else if (this.#drag.grip >= 0) this.#pull(x);
    else if (this.#drag.moved || Math.abs(x - this.#drag.begin) > CLICK_PX) {
      this.#drag.moved = true;
      this.#pan(before - x);
    } else return;
    this.#pointers.set(event.pointerId, x);
  }

  #pinch(id, before, x) {
    const [, other] = [...this.#pointers].find(([key]) => key !== id);
    const middle = this.#ms((before + other) / 2);
    this.zoom(Math.max(Math.abs(before - other), 1) / Math.max(Math.abs(x - other), 1), middle);
    this.#pan((before - x) / 2);
  }

  #pull(x) {
    const ends = [...this.selection];
    ends[this.#drag.grip] = Math.min(this.#ms(x), this.now);
    if (ends[1] - ends[0] < 1000) return;
    this.selection = ends;
    this.#say("select", { selection: ends });
    this.draw();
  }

  #up(event, cancelled = false) {
    const x = this.#pointers.get(event.pointerId);
    this.#pointers.delete(event.pointerId);
    if (x === undefined || this.#pointers.size > 0 || cancelled) return;
    if (!this.#drag.moved && this.#drag.grip < 0) this.#seek(this.#ms(x), true);
  }

  #point(x) {
    this.#hover = x;
    this.canvas.classList.toggle("grip", x !== null && this.#grip(x) >= 0);
    this.draw();
  }

  #seek(ms, settled = false) {
    this.#say("seek", { at: clamp(ms, 0, this.now), settled });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const span = this.to - this.from;
    const step = span / 60 > 1000 ? STEPS.findLast((s) => s <= span / 60) : 1000;
    const cursor = this.cursor ?? this.now;
    const keys = {
      ArrowLeft: () => this.#seek(cursor - step),
      ArrowRight: () => this.#seek(cursor + step),
      ArrowDown: () => this.#seek(cursor - step),
      ArrowUp: () => this.#seek(cursor + step),
      PageUp: () => this.#seek(cursor - span / 4),
      PageDown: () => this.#seek(cursor + span / 4),
      Home: () => this.#seek(this.from),
      End: () => this.#say("live"),
      "+": () => this.zoom(1 / 1.5, cursor),
      "-": () => this.zoom(1.5, cursor),
    };
    const action = keys[event.key === "=" ? "+" : event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  // ---- drawing

  #paint() {
    const { canvas } = this;
    const [width, height, scale] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio];
    if (width === 0) return;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const g = canvas.getContext("2d");
    g.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(`--${name}`);
    const track = { top: 26, height: height - 32 };
    const box = (from, to, top = track.top, size = track.height) => {
      if (to <= this.from || from >= this.to) return;
      const left = Math.max(0, this.#x(from));
      g.fillRect(left, top, Math.max(1, Math.min(width, this.#x(to)) - left), size);
    };
    this.#paintTrack(g, box, colour, track);
    this.#paintTicks(g, colour, track);
    if (this.selection) this.#paintSelection(g, box, colour, track);
    if (this.now < this.to) this.#paintLine(g, this.#x(this.now), colour("muted"), track, [3, 3]);
    if (this.#hover !== null) this.#paintHover(g, colour, track);
    if (this.cursor !== null) this.#paintCursor(g, this.#x(this.cursor), colour("text"), track);
  }

  #paintTrack(g, box, colour, track) {
    const { spans, loaded } = this.known(this.from, this.to);
    g.save();
    g.beginPath();
    g.roundRect(0, track.top, this.#width, track.height, 6);
    g.clip();
    g.fillStyle = colour("unknown");
    box(this.from, Math.min(this.to, this.now));
    g.fillStyle = colour("gap");
    for (const [from, to] of loaded) box(from, Math.min(to, this.now));
    g.fillStyle = colour("recorded");
    for (const [from, to] of spans) box(from, to);
    g.restore();
  }

  #paintTicks(g, colour, track) {
    g.font = `12px ${getComputedStyle(this.canvas).fontFamily}`;
    g.textAlign = "center";
    const wanted = ((this.to - this.from) / this.#width) * 84;
    const step = STEPS.find((s) => s >= wanted) ?? STEPS.at(-1);
    const shift = offset(this.from) * 60000;
    for (let t = Math.ceil((this.from + shift) / step) * step - shift; t < this.to; t += step) {
      const x = Math.round(this.#x(t)) + 0.5;
      const day = (t + shift) % 86400000 === 0;
      g.fillStyle = colour(day ? "text" : "muted");
      const text = day ? dateText(t).slice(5) : clockText(t).slice(0, step < 60000 ? 8 : 5);
      if (x > 24 && x < this.#width - 24) g.fillText(text, x, 14);
      g.fillRect(x - 0.5, 19, 1, track.top - 20);
    }
  }

  #paintSelection(g, box, colour, track) {
    const [from, to] = this.selection;
    g.fillStyle = colour("selected");
    box(from, to);
    g.fillStyle = colour("text");
    box(from, to, track.top - 2, 2);
    box(from, to, track.top + track.height, 2);
    for (const end of this.selection) {
      const x = this.#x(end);
      g.fillRect(x - 1.5, track.top - 4, 3, track.height + 8);
      g.beginPath();
      g.roundRect(x - 5, track.top + track.height / 2 - 9, 10, 18, 4);
      g.fill();
    }
  }

  #paintLine(g, x, colour, track, dash = []) {
    g.strokeStyle = colour;
    g.setLineDash(dash);
    g.beginPath();
    g.moveTo(Math.round(x) + 0.5, track.top - 6);
    g.lineTo(Math.round(x) + 0.5, track.top + track.height + 4);
    g.stroke();
    g.setLineDash([]);
  }

  #paintCursor(g, x, colour, track) {
    g.lineWidth = 2;
    this.#paintLine(g, x, colour, track);
    g.lineWidth = 1;
    g.fillStyle = colour;
    g.beginPath();
    g.arc(x, track.top - 5, 5, 0, 2 * Math.PI);
    g.fill();
  }

  #paintHover(g, colour, track) {
    const text = clockText(this.#ms(this.#hover));
    const size = g.measureText(text).width + 14;
    const left = clamp(this.#hover - size / 2, 0, this.#width - size);
    this.#paintLine(g, this.#hover, colour("muted"), track);
    g.fillStyle = colour("text");
    g.beginPath();
    g.roundRect(left, 0, size, 19, 5);
    g.fill();
    g.fillStyle = colour("page");
    g.fillText(text, left + size / 2, 14);
  }
}
