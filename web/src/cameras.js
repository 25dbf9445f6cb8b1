// SPDX-License-Identifier: MIT-0
// The list of cameras: all names, a filter, and the states of the visible ones (each costs the server a request to the
// store). Events: "names" when the names are available, "states" when some states are updated, "problem".
import * as api from "./api.js";

const NAMES_MS = 30000;
const NAMES_WANTED_MS = 5000; // while there is no camera, or the wanted one is missing
const STATES_MS = 5000;
const FILTER_FROM = 8; // cameras
const AT_ONCE = 100; // states in one request

export class Cameras extends EventTarget {
  #names = []; // ids in the server's order
  #known = new Map(); // id -> { id, live, newest, input }: the last three if they are known
  #items = new Map(); // id -> its <li>
  #inSight = new Set(); // ids
  #sight;
  #asked = 0;
  #asking = false;
  /** Id of a camera that is not listed yet: the names are requested more often. */
  wanted = null;
  /** Id of the camera whose item is highlighted. */
  current = null;

  /** @param link  returns the URL of a camera; @param when  returns the text for its state */
  constructor(list, filter, { link, when }) {
    super();
    Object.assign(this, { list, filter, link, when });
    this.#sight = new IntersectionObserver((entries) => this.#onSight(entries), { root: list });
    filter.addEventListener("input", () => {
      this.#choose();
      list.scrollTo(0, 0);
    });
  }

  get count() {
    return this.#names.length;
  }

  find(id) {
    return this.#known.get(id) ?? null;
  }

  /** A camera that is recording, or the first one. */
  get first() {
    return [...this.#known.values()].find((c) => c.live) ?? this.#known.get(this.#names[0]) ?? null;
  }

  /** Called periodically: requests what is due. */
  async poll() {
    const due = Date.now() - this.#asked > (this.count === 0 || this.wanted ? NAMES_WANTED_MS : NAMES_MS);
    if (this.#asking) return;
    this.#asking = true;
    try {
      if (due) await this.#askNames();
      await this.#askStates();
    } catch (problem) {
      this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
    } finally {
      this.#asking = false;
    }
  }

  /** Request everything with the next poll. */
  renew() {
    this.#asked = 0;
  }

  async #askNames() {
    const { cameras } = await api.cameras();
    this.#asked = Date.now();
    this.#names = cameras.map((c) => c.id);
    this.#known = new Map(cameras.map((c) => [c.id, { ...this.#known.get(c.id), ...c }]));
    if (this.wanted !== null && this.#known.has(this.wanted)) this.wanted = null;
    this.#drawNames();
    if (this.count > 0) await this.#look(this.#toLookAtFirst());
    this.dispatchEvent(new Event("names"));
  }

  /** States to request before the list is visible: its first cameras, and the one being watched. */
  #toLookAtFirst() {
    const ids = this.#names.slice(0, 20);
    if (this.current !== null && this.#known.has(this.current)) ids.push(this.current);
    return ids.filter((id) => this.#known.get(id).live === undefined);
  }

  async #askStates() {
    if (document.hidden || this.count === 0) return;
    const ids = [...this.#inSight].filter((id) => this.#known.has(id));
    if (this.current !== null && this.#known.has(this.current)) ids.push(this.current);
    await this.#look(ids);
    this.dispatchEvent(new Event("states"));
  }

  /** States of adjacent cameras are requested together. */
  async #look(ids) {
    const wanted = new Set(ids);
    const match = this.filter.value;
    const order = match ? this.#names.filter((id) => this.#matches(id)) : this.#names;
    const runs = [];
    order.forEach((id, at) => {
      const run = runs.at(-1);
      if (!wanted.has(id)) return;
      if (run && run.first + run.count === at && run.count < AT_ONCE) run.count++;
      else runs.push({ first: at, count: 1 });
    });
    for (const run of runs) {
      const { cameras } = await api.cameras(match ? { ...run, match } : run);
      for (const c of cameras) if (this.#known.has(c.id)) this.#known.set(c.id, c);
      this.#drawStates(cameras.map((c) => c.id));
    }
  }

  // ---- drawing

  #drawNames() {
    const items = this.#names.map((id) => this.#items.get(id) ?? this.#makeItem(id));
    const kept = new Set(items);
    for (const [id, item] of this.#items)
      if (!kept.has(item)) {
        this.#items.delete(id);
        this.#inSight.delete(id);
      }
    if (items.length !== this.list.children.length || items.some((item, i) => item !== this.list.children[i])) {
      const focused = document.activeElement;
      this.list.replaceChildren(...items);
      if (this.list.contains(focused)) focused.focus();
    }
    this.filter.parentElement.hidden = this.count < FILTER_FROM;
    this.#choose();
    this.draw();
  }

  #makeItem(id) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.dataset.id = id;
    for (const name of ["dot", "name", "when"]) link.append(Object.assign(document.createElement("span"), { className: name }));
    link.children[1].textContent = id;
    item.append(link);
    this.#items.set(id, item);
    this.#sight.observe(item);
    return item;
  }

  /** Draw all items again after a change of the time zone, the share link or the current camera. */
  draw() {
    this.#drawStates(this.#names);
  }

  #drawStates(ids) {
    for (const id of ids) {
      const link = this.#items.get(id)?.firstElementChild;
      const camera = this.#known.get(id);
      if (!link || !camera) continue;
      const words = this.when(camera);
      link.setAttribute("href", this.link(id));
      link.classList.toggle("is-live", camera.live === true);
      link.title = camera.input?.reason ?? "";
      if (id === this.current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      if (link.lastElementChild.textContent !== words) link.lastElementChild.textContent = words;
    }
  }

  // ---- visibility

  #matches(id) {
    return id.toLowerCase().includes(this.filter.value.toLowerCase());
  }

  #choose() {
    for (const [id, item] of this.#items) item.hidden = !this.#matches(id);
  }

  #onSight(entries) {
    for (const entry of entries) {
      const { id } = entry.target.firstElementChild.dataset;
      if (entry.isIntersecting) this.#inSight.add(id);
      else this.#inSight.delete(id);
    }
  }
}

export { STATES_MS };
