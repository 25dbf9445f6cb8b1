// SPDX-License-Identifier: MIT-0
// A month of days, with marks for recordings. The server lists UTC days; a day of another time zone overlaps two of
// them. If only one of the two has recordings, the timeline shows whether they belong to the day.
import * as api from "./api.js";
import { dayOf, dayStart, wall } from "./time.js";

const utcDay = (ms) => new Date(ms).toISOString().slice(0, 10);

export class Calendar extends EventTarget {
  #month = null; // { year, month }
  #picked = null; // beginning of a day
  #focus = 1;
  #marks = new Map(); // month by camera and zone -> Set of days of the month
  #run = 0;
  #stale = false;

  /** @param {HTMLElement} element  contains .title, .before, .after, thead tr and tbody
   *  @param {() => number} now */
  constructor(element, now) {
    super();
    this.element = element;
    this.now = now;
    this.camera = null;
    const part = (name) => element.querySelector(name);
    part(".before").addEventListener("click", () => this.#turn(-1));
    part(".after").addEventListener("click", () => this.#turn(1));
    part("tbody").addEventListener("click", (e) => e.target.closest("button") && this.#pick(+e.target.textContent));
    part("tbody").addEventListener("keydown", (e) => this.#key(e));
    const name = new Intl.DateTimeFormat(undefined, { weekday: "short", timeZone: "UTC" });
    for (let i = 0; i < 7; i++) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name.format(new Date(Date.UTC(2024, 0, 1 + i))); // a Monday
      part("thead tr").append(cell);
    }
  }

  /** Show the month of a time, and select its day. */
  show(camera, ms) {
    const { year, month, day } = dayOf(ms);
    const picked = dayStart(year, month, day);
    const same = camera === this.camera && picked === this.#picked && this.#month?.month === month;
    if (same && !this.#stale) return;
    this.camera = camera;
    this.#picked = picked;
    this.#month = { year, month };
    this.#focus = day;
    this.#draw();
    this.#mark();
  }

  /** Update after a change of the time zone, or when a day begins. */
  renew() {
    this.#marks.clear();
    this.#stale = true;
  }

  #turn(months, focus = 1) {
    const first = new Date(Date.UTC(this.#month.year, this.#month.month + months));
    this.#month = { year: first.getUTCFullYear(), month: first.getUTCMonth() };
    this.#focus = focus;
    this.#draw();
    this.#mark();
  }

  #length() {
    return new Date(Date.UTC(this.#month.year, this.#month.month + 1, 0)).getUTCDate();
  }

  #pick(day) {
    const { year, month } = this.#month;
    this.dispatchEvent(
      new CustomEvent("pick", { detail: { from: dayStart(year, month, day), to: dayStart(year, month, day + 1) } }),
    );
  }

  #key(event) {
    const days = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    const months = { PageUp: -1, PageDown: 1 }[event.key];
    if (!days && !months) return;
    event.preventDefault();
    event.stopPropagation();
    const { year, month } = this.#month;
    const to = new Date(Date.UTC(year, month, this.#focus + (days ?? 0)));
    if (months) this.#turn(months, 1);
    else if (to.getUTCMonth() !== month) this.#turn(days < 0 ? -1 : 1, to.getUTCDate());
    else this.#focus = to.getUTCDate();
    this.#draw();
    this.element.querySelector('td button[tabindex="0"]')?.focus();
  }

  #draw() {
    this.#stale = false;
    const { year, month } = this.#month;
    const body = this.element.querySelector("tbody");
    const marks = this.#marks.get(this.#name());
    const title = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: "UTC" });
    this.element.querySelector(".title").textContent = title.format(new Date(Date.UTC(year, month)));
    this.element.querySelector(".after").disabled = dayStart(year, month + 1, 1) > this.now();
    const lead = (new Date(Date.UTC(year, month, 1)).getUTCDay() + 6) % 7;
    body.replaceChildren();
    for (let day = 1; day <= this.#length(); day++) {
      if (day === 1 || (lead + day) % 7 === 1) body.append(document.createElement("tr"));
      const cell = document.createElement("td");
      if (day === 1 && lead) body.lastChild.append(Object.assign(document.createElement("td"), { colSpan: lead }));
      cell.append(this.#dayButton(day, marks));
      body.lastChild.append(cell);
    }
  }

  #dayButton(day, marks) {
    const { year, month } = this.#month;
    const begin = dayStart(year, month, day);
    const button = document.createElement("button");
    const words = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeZone: "UTC" });
    const said = !marks ? "" : marks.has(day) ? ", recorded" : ", no recording";
    button.type = "button";
    button.textContent = day;
    button.tabIndex = day === this.#focus ? 0 : -1;
    button.disabled = begin > this.now();
    button.setAttribute("aria-label", words.format(wall(begin)) + said);
    button.classList.toggle("recorded", marks?.has(day) ?? false);
    if (begin === this.#picked) button.setAttribute("aria-current", "date");
    return button;
  }

  #name() {
    return `${this.camera} ${this.#month.year}-${this.#month.month}`;
  }

  async #mark() {
    const name = this.#name();
    const run = ++this.#run;
    if (this.#marks.has(name)) return;
    try {
      const marks = await this.#recordedDays();
      if (run !== this.#run) return;
      const focused = this.element.querySelector("tbody").contains(document.activeElement);
      this.#marks.set(name, marks);
      this.#draw();
      if (focused) this.element.querySelector('td button[tabindex="0"]')?.focus();
    } catch (problem) {
      this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
    }
  }

  async #recordedDays() {
    const { year, month } = this.#month;
    const end = this.#length();
    const [first, last] = [dayStart(year, month, 1), dayStart(year, month, end + 1) - 1].map((ms) => new Date(ms));
    const months = new Set([first, last].map((d) => Date.UTC(d.getUTCFullYear(), d.getUTCMonth())));
    const lists = [...months].map((ms) => api.days(this.camera, new Date(ms).getUTCFullYear(), new Date(ms).getUTCMonth()));
    const utc = new Set((await Promise.all(lists)).flat());
    const isRecorded = async (day) => {
      const [begin, next] = [dayStart(year, month, day), dayStart(year, month, day + 1)];
      const halves = [utcDay(begin), utcDay(next - 1)];
      const found = halves.map((d) => utc.has(d));
      if (found[0] === found[1]) return found[0];
      const cut = Date.parse(halves[1]);
      const [from, to] = found[0] ? [begin, cut] : [cut, next];
      return (await api.timeline(this.camera, from, to)).spans.length > 0;
    };
    const all = Array.from({ length: end }, (_, i) => i + 1);
    const recorded = await Promise.all(all.map(isRecorded));
    return new Set(all.filter((_, i) => recorded[i]));
  }
}
