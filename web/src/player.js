// SPDX-License-Identifier: MIT-0
// The player: live, or from a given time on. Events: "state" with the state to show, "time" with the wall time of each
// picture, "skip" when a gap in the recording was skipped.
import Hls from "./hls.mjs";
import * as api from "./api.js";
import { Footage, innerAddress } from "./footage.js";

const BUFFER_S = 30;
const RETRY_MS = 3000;
const FRAME_S = 1 / 25; // until two pictures have been shown

/** Plays about two segments behind the current time. Past footage also grows, but has no live edge to follow. */
const LIVE = { liveSyncDurationCount: 1.5, liveMaxLatencyDurationCount: 4, maxLiveSyncPlaybackRate: 1.1 };

/** The codecs of a multivariant playlist that this browser cannot play. */
const unplayable = (playlist) =>
  (playlist.match(/CODECS="([^"]*)"/)?.[1] ?? "")
    .split(",")
    .filter((codec) => codec && !MediaSource.isTypeSupported(`video/mp4; codecs="${codec}"`));

const hasH265 = (playlist) => /CODECS="(hvc1|hev1)/.test(playlist);

const refused = (status) => status === 400 || status === 401 || status === 403;

const CANNOT_DECODE = new Set([
  Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR,
  Hls.ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR,
  Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
]);

/** hls.js requests a playlist; the footage responds when it has changed. */
const playlistLoader = (footage) =>
  class {
    #closed = false;
    context = null;
    stats = {
      ...{ aborted: false, loaded: 0, total: 0, retry: 0, chunkCount: 0, bwEstimate: 0 },
      loading: { start: 0, first: 0, end: 0 },
      parsing: { start: 0, end: 0 },
      buffering: { start: 0, first: 0, end: 0 },
    };
    async load(context, config, callbacks) {
      this.context = context;
      try {
        const data = await footage.next();
        const { loading } = this.stats;
        loading.start = loading.first = loading.end = performance.now(); // the wait is not a network delay
        if (!this.#closed) callbacks.onSuccess({ url: context.url, data, code: 200 }, this.stats, context, null);
      } catch (error) {
        if (!this.#closed)
          callbacks.onError({ code: error.status ?? api.AWAY, text: error.message }, context, error, this.stats);
      }
    }
    abort() {
      this.#closed = true;
    }
    destroy() {
      this.#closed = true;
    }
  };

/** hls.js requests a segment; the footage may have listed several as one. */
const segmentLoader = (footage) =>
  class extends Hls.DefaultConfig.loader {
    #aborter = new AbortController();
    load(context, config, callbacks) {
      const parts = footage.partsOf(context.url);
      if (parts.length === 1) super.load(context, config, callbacks);
      else this.#loadParts(parts, context, callbacks);
    }
    async #loadParts(parts, context, { onSuccess, onError }) {
      const { signal } = this.#aborter;
      const { stats } = this;
      this.context = context;
      stats.loading.start = performance.now();
      try {
        const bodies = [];
        for (const address of parts) {
          const headers = new URL(address).origin === location.origin ? api.access.headers() : {};
          const response = await fetch(address, { signal, headers });
          if (!response.ok) return onError({ code: response.status, text: response.statusText }, context, response, stats);
          bodies.push(await response.arrayBuffer());
          stats.loading.first ||= performance.now();
          stats.loaded += bodies.at(-1).byteLength;
        }
        const data = await new Blob(bodies).arrayBuffer();
        stats.total = stats.loaded;
        stats.loading.end = performance.now();
        if (!signal.aborted) onSuccess({ url: context.url, data, code: 200 }, stats, context, null);
      } catch (error) {
        if (!signal.aborted) onError({ code: 0, text: error.message }, context, error, stats);
      }
    }
    abort() {
      this.#aborter.abort();
      super.abort();
    }
    destroy() {
      this.#aborter.abort();
      super.destroy();
    }
  };

export class Player extends EventTarget {
  #hls = null;
  #footage = null;
  #source = null; // { camera, at }: at is null for live
  #list = ""; // the media playlist that is played, as the multivariant one names it
  #retry = 0;
  #recovered = 0;
  #last = null; // the last picture: { media, date }
  #frame = FRAME_S;
  #presented = 0; // pictures counted by the browser
  #playable = new Map(); // cameras whose codecs have been checked: whether they record H.265
  #rate = 1;

  /** @param {() => number} now  current time of the server */
  constructor(video, now) {
    super();
    this.video = video;
    this.now = now;
    for (const event of ["waiting", "seeking"]) video.addEventListener(event, () => this.#wait());
    for (const event of ["playing", "pause", "seeked", "canplay"]) video.addEventListener(event, () => this.#ready());
    video.addEventListener("pause", () => this.#catchUp());
    video.addEventListener("ended", () => this.#end());
    video.addEventListener("error", () => video.error && this.#mediaError());
    const each = (_, { mediaTime, presentedFrames }) => {
      this.#picture(mediaTime, presentedFrames);
      video.requestVideoFrameCallback(each);
    };
    video.requestVideoFrameCallback(each);
  }

  get isLive() {
    return this.#source !== null && this.#source.at === null;
  }

  /** Wall time of the picture that is shown or being loaded; null: none. */
  get date() {
    return this.#last?.date ?? this.#source?.at ?? null;
  }

  get rate() {
    return this.#rate;
  }

  set rate(rate) {
    this.#rate = rate;
    if (this.isLive && rate !== 1 && this.#last) this.play(this.#source.camera, this.#last.date);
    this.#applyRate();
  }

  /** @param {number|null} at  from this time on; null: live */
  play(camera, at) {
    this.stop();
    this.#source = { camera, at };
    if (at === null) this.#rate = 1;
    this.#start();
  }

  stop() {
    clearTimeout(this.#retry);
    this.#footage?.close();
    this.#hls?.destroy();
    this.#hls = this.#footage = this.#source = this.#last = null;
    this.video.removeAttribute("src");
  }

  /** Go to a time, without reloading if it is already loaded. */
  seek(ms) {
    const time = this.#timeAt(ms);
    if (time === null || this.isLive) return this.play(this.#source.camera, ms);
    this.#last = { media: time, date: ms };
    this.video.currentTime = time;
  }

  toggle() {
    const { video } = this;
    if (!video.paused) return video.pause();
    const left = this.isLive && this.#last && this.now() - this.#last.date > 20000;
    if (left) this.play(this.#source.camera, this.#last.date); // continue where it was paused
    else this.#run();
  }

  /** Show the next picture, or the previous one (count -1). */
  step(count) {
    this.video.pause();
    if (!this.#last) return;
    const middle = this.#last.media + (count + 0.5) * this.#frame;
    if (middle > 0) this.video.currentTime = middle;
  }

  /** Codecs that the browser cannot play: known before anything is loaded. */
  async #check() {
    const source = this.#source;
    const { camera, at } = source;
    const key = `${camera} ${at === null}`;
    if (this.#playable.has(key)) return true;
    const playlist = await api.master(camera, at, at + 1000).catch(() => "");
    if (this.#source !== source) return false;
    this.codecs = unplayable(playlist);
    if (this.codecs.length === 0 && playlist) this.#playable.set(key, hasH265(playlist));
    if (this.codecs.length) this.#fail("codec");
    return this.codecs.length === 0;
  }

  /** @param {boolean} joins  live, but the segments have to be joined: plays one group of pictures later */
  async #start(joins = false) {
    if (!Hls.isSupported()) return this.#tell("unsupported");
    this.#tell("loading");
    if (!(await this.#check())) return;
    const { camera, at } = this.#source;
    const config = {
      maxBufferLength: BUFFER_S,
      backBufferLength: 60,
      ...(at === null && !joins && LIVE),
      xhrSetup: (xhr, url) => {
        if (new URL(url).origin === location.origin)
          for (const [name, value] of Object.entries(api.access.headers())) xhr.setRequestHeader(name, value);
      },
    };
    const policy = Hls.DefaultConfig.fragLoadPolicy.default;
    const shouldRetry = (retry, count, timeout, response, otherwise) =>
      otherwise || (refused(response?.code) && count < 3); // an expired URL: it will be renewed
    config.fragLoadPolicy = { default: { ...policy, errorRetry: { ...policy.errorRetry, shouldRetry } } };
    if (at !== null || joins) {
      this.#footage = new Footage(camera, at, {
        position: () => this.date,
        ahead: () => 2 * BUFFER_S * 1000 * Math.max(1, this.#rate),
        now: this.now,
      });
      config.pLoader = playlistLoader(this.#footage);
      config.fLoader = segmentLoader(this.#footage);
    }
    this.#hls = new Hls(config);
    this.#hls.on(Hls.Events.ERROR, (_, data) => this.#error(data));
    this.#hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => this.#loaded(details));
    const asked = at ?? this.now();
    this.#hls.loadSource(this.#footage ? api.rangeAddress(camera, asked, asked + 1) : api.liveAddress(camera));
    this.#hls.attachMedia(this.video);
    this.#run();
  }

  /** hls.js cannot begin with a segment that needs earlier ones. */
  #loaded({ fragments, url }) {
    this.#applyRate();
    this.#list = url.slice(url.lastIndexOf("/") + 1);
    const h265 = this.#playable.get(`${this.#source?.camera} ${this.isLive}`);
    if (h265 && fragments.some((f) => /\.ts(\?|$)/.test(f.url))) return this.#fail("container");
    if (this.#footage || !fragments.some((f) => innerAddress(f.url))) return;
    this.#hls.destroy();
    this.#start(true);
  }

  /** A live playlist ends when the camera stops, or where it needs another target duration: then there is another one. */
  async #end() {
    const source = this.#source;
    this.#tell("ended");
    for (let i = 0; i < 3 && this.isLive && !this.#footage; i++) {
      const playlist = await api.master(source.camera, null).catch(() => "");
      if (this.#source !== source) return;
      if (playlist && !playlist.includes(`${this.#list}\n`)) return this.play(source.camera, null);
      await new Promise((done) => setTimeout(done, 2000)); // a cache may have an older one
    }
  }

  #run() {
    this.video.play().catch((problem) => {
      if (problem.name !== "NotAllowedError" || this.video.muted) return; // paused meanwhile: the button shows it
      this.video.muted = true; // browsers permit sound only after a click
      this.video.play().catch(() => {});
    });
  }

  #applyRate() {
    if (this.#hls) this.#hls.config.maxBufferLength = BUFFER_S * Math.max(1, this.#rate);
    this.video.defaultPlaybackRate = this.video.playbackRate = this.#rate;
  }

  #fragments() {
    return this.#hls?.latestLevelDetails?.fragments ?? [];
  }

  /** Wall time of a player time, from PROGRAM-DATE-TIME. */
  #dateAt(time) {
    // Use the first match: hls.js knows the start of a fragment in player time only after loading it.
    const fragment = this.#fragments().find((f) => f.start <= time + 0.001 && time < f.start + f.duration);
    if (!fragment?.programDateTime) return null;
    return fragment.programDateTime + (time - fragment.start) * 1000;
  }

  #timeAt(ms) {
    const inside = (f) => f.programDateTime <= ms && ms < f.programDateTime + f.duration * 1000;
    const fragment = this.#fragments().find(inside);
    return fragment ? fragment.start + (ms - fragment.programDateTime) / 1000 : null;
  }

  #picture(media, count) {
    const date = this.#dateAt(media);
    if (date === null) return;
    const last = this.#last;
    const asked = this.#source?.at;
    if (!last && asked && date - asked > 1000) this.#say("skip", { from: asked, to: date });
    const passed = last ? media - last.media : 0;
    if (passed > 0.001) {
      const each = passed / Math.max(1, count - this.#presented); // a busy browser does not report every picture
      const every = !this.video.paused && this.#rate <= 1; // at higher rates, not all pictures are shown
      if (passed < 1 && (every || passed < 1.5 * this.#frame)) this.#frame = Math.min(this.#frame * 1.5, each);
      const skipped = date - last.date - passed * 1000;
      if (skipped > 1000) this.#say("skip", { from: last.date, to: date });
    }
    this.#last = { media, date };
    this.#presented = count;
    this.#say("time", { date });
  }

  /** A busy browser does not report every picture it shows, but a paused picture needs its exact time. */
  #catchUp() {
    if (!this.#last) return;
    const media = Math.min(this.video.currentTime, this.video.duration - this.#frame); // at the end the last picture is shown
    const date = this.#dateAt(media);
    if (date !== null && media >= this.#last.media + this.#frame) this.#last = { media, date };
    this.#say("time", { date: this.#last.date });
  }

  #wait() {
    if (this.#source && this.video.readyState < 3) this.#tell("loading");
  }

  #ready() {
    if (this.#source && this.video.readyState >= 2) this.#tell(this.video.paused ? "paused" : "playing");
  }

  #mediaError() {
    if (this.#hls && performance.now() - this.#recovered > 10000) {
      this.#recovered = performance.now();
      this.#hls.recoverMediaError();
    } else this.#fail("undecodable");
  }

  #error({ type, details, fatal, response }) {
    const status = response?.code;
    if (CANNOT_DECODE.has(details)) return this.#fail("undecodable");
    if (details === Hls.ErrorDetails.FRAG_LOAD_ERROR && refused(status)) this.#footage?.renew();
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR) return this.#mediaError();
    if (status === 404) return this.#fail(this.isLive ? "off" : "none");
    if (status === 401 || status === 403) return this.#fail(status === 401 ? "expired" : "forbidden");
    const source = { ...this.#source, at: this.isLive ? null : this.date };
    this.#fail("away");
    this.#retry = setTimeout(() => this.play(source.camera, source.at), RETRY_MS);
  }

  #fail(state) {
    const source = this.#source;
    this.#footage?.close();
    this.#hls?.destroy();
    this.#hls = this.#footage = null;
    this.#source = source;
    this.#tell(state);
  }

  #tell(state) {
    this.#say("state", { state });
  }

  #say(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
