// SPDX-License-Identifier: MIT-0
// The page. Its URL contains the selection (#camera=cam-1&t=2026-11-23T03:12:00.000Z), and everything depends on it.
import * as api from "./api.js";
import { Calendar } from "./calendar.js";
import { Cameras, STATES_MS } from "./cameras.js";
import { Player } from "./player.js";
import { Recordings } from "./recordings.js";
import { clockText, dateText, dayText, fromInput, inputText, lengthText, zone, zoneText } from "./time.js";
import { Timeline } from "./timeline.js";

const CLIP_MAX_MS = 2 * 3600000;
const LIVE_VIEW_MS = 3600000;
const SETTLE_MS = 250;

const $ = (id) => document.getElementById(id);

const { now } = api;
const player = new Player($("video"), now);
const calendar = new Calendar($("calendar"), now);
const timeline = new Timeline($("timeline"), (from, to) => recordings?.known(from, to) ?? { spans: [], loaded: [] });
let camera = null;
let recordings = null;
let shared = null; // the URL's share link, which remains in it
let state = "empty";
const cameras = new Cameras($("cameras"), $("filter"), {
  link: (id) => pageAddress(id, null),
  when: (c) =>
    fails(c) ? c.input.state : c.live ? "live" : c.newest ? whenText(Date.parse(c.newest)) : c.live === false ? "off" : "",
});
let settling = 0; // a seek by keyboard that was not requested yet

/** The process that records this camera states that it does not at present. */
const fails = (c) => c?.input !== undefined && c.input.state !== "recording";
const reasonText = (c) => (fails(c) && c.input.reason ? `: ${c.input.reason}` : "");

// ---- the URL

function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const at = Date.parse(given.get("t"));
  return {
    camera: given.get("camera"),
    at: Number.isNaN(at) ? null : at,
    share: given.get("share"),
    from: Date.parse(given.get("from")),
    to: Date.parse(given.get("to")),
  };
}

function pageAddress(id, at, share = shared) {
  const given = new URLSearchParams();
  if (id) given.set("camera", id);
  if (at !== null) given.set("t", new Date(at).toISOString());
  for (const [name, value] of Object.entries(share ?? {})) given.set(name, value);
  return `#${given}`;
}

/** Select a camera, live or at a time, as a step in the browser's history. */
function go(id, at) {
  const address = pageAddress(id, at);
  if (address !== location.hash) history.pushState(null, "", address);
  follow();
}

function follow() {
  const chosen = fromAddress();
  const id = chosen.camera ?? cameras.first?.id ?? null;
  if (id === null) return;
  if (id !== camera) open(id);
  show(chosen.at);
}

// ---- display

function open(id) {
  camera = id;
  recordings?.close();
  recordings = new Recordings(id, now);
  recordings.addEventListener("change", () => timeline.draw());
  recordings.addEventListener("problem", (e) => onProblem(e.detail));
  timeline.cursor = null;
  setClip(null);
  $("camera-name").textContent = id;
  document.title = `${id} · s3hls`;
  cameras.current = id;
  cameras.draw();
}

function show(at) {
  const known = cameras.find(camera);
  const center = at ?? now();
  timeline.now = now();
  const inSight = timeline.cursor !== null && center > timeline.from && center < timeline.to;
  const span = timeline.cursor === null ? LIVE_VIEW_MS : timeline.to - timeline.from;
  if (!inSight) timeline.show(center - span * (at === null ? 0.9 : 0.5), center + span * (at === null ? 0.1 : 0.5));
  timeline.follow(center);
  calendar.show(camera, center);
  drawLive();
  if (!known && !shared) {
    cameras.wanted = camera;
    player.stop();
    return setState("missing");
  }
  if (at === null && known?.live === false) {
    player.stop();
    return setState("off");
  }
  if (at !== null && at >= now()) {
    player.stop();
    return setState("future");
  }
  player.play(camera, at);
}

/** Text and actions of each state. */
const STATES = {
  empty: () => [""],
  loading: () => [""],
  playing: () => [""],
  paused: () => [""],
  missing: () => [`There is no camera “${camera}”.`],
  off: () => [`This camera is not recording now${reasonText(cameras.find(camera))}.`, "Go to its last recording", goToNewest],
  none: () => [`No recording at ${clockText(player.date)} on ${dayText(player.date, "long")}.`, "Go to the next recording", goToNext],
  future: () => ["This moment has not come yet.", "Go live", () => go(camera, null)],
  ended: () => ["The recording ends here.", "Go live", () => go(camera, null)],
  expired: () =>
    shared ? ["This link is not valid any more."] : ["Your session has expired.", "Sign in", () => signIn("")],
  forbidden: () => [shared ? "The link does not cover this time." : "You may not watch this camera."],
  away: () => ["The server cannot be reached. Trying again."],
  codec: () => [
    player.codecs.some((c) => /^(hvc1|hev1)/.test(c))
      ? "This camera records H.265, which this browser cannot play. Use a browser and a computer that can (Safari, or Chrome, Edge or Firefox with a decoder in hardware), or set the camera to H.264. A clip can be downloaded and played by another program."
      : `This browser cannot play ${player.codecs.join(", ")}. A clip can be downloaded and played by another program.`,
  ],
  container: () => [
    "This camera records H.265 in MPEG-TS, which this page and Apple's players cannot play. Record it in fragmented MP4 (s3hls record --container fmp4). A clip can be downloaded and played.",
  ],
  undecodable: () => ["This browser cannot decode the recording.", "Try again", () => show(player.date)],
  unsupported: () => ["This browser cannot play recordings: it has no Media Source Extensions."],
};

function setState(next) {
  state = next;
  $("stage").dataset.state = next;
  const [words, label, action] = STATES[next]();
  const [notice, button] = $("notice").children;
  notice.textContent = words;
  button.hidden = !label;
  button.textContent = label ?? "";
  button.onclick = action ?? null;
  $("spinner").hidden = next !== "loading";
  $("stamp").hidden = !["loading", "playing", "paused", "ended"].includes(next);
  drawPlay();
  drawLive();
}

function drawPlay() {
  const playing = !$("video").paused && state !== "off";
  const button = $("play");
  button.setAttribute("aria-label", playing ? "Pause" : "Play");
  button.querySelector("use").setAttribute("href", playing ? "#i-pause" : "#i-play");
  for (const id of ["play", "back", "forth", "frame-before", "frame-next"]) $(id).disabled = player.date === null && !player.isLive;
}

function drawLive() {
  $("live").setAttribute("aria-pressed", player.isLive && ["playing", "loading"].includes(state));
  $("speed").value = player.rate;
}

function drawClock(date) {
  const text = `${dateText(date)} ${clockText(date, $("video").paused)} ${zoneText(date)}`;
  if ($("clock").textContent === text) return;
  $("clock").textContent = text;
  $("clock").dateTime = new Date(date).toISOString();
}

function drawDay() {
  const [first, last] = [timeline.from, Math.min(timeline.to, now())];
  const text = dateText(first) === dateText(last) ? dayText(first, "weekday") : `${dayText(first, "medium")} – ${dayText(last, "medium")}`;
  $("day").textContent = `${text} · ${zoneText(first)}`;
}

/** The time, if it is today; otherwise the day. */
const whenText = (ms) => (dateText(ms) === dateText(now()) ? clockText(ms) : dayText(ms, "medium"));

/** Show a temporary message over the picture. */
let fading = 0;
function say(words) {
  clearTimeout(fading);
  $("toast").textContent = words;
  fading = setTimeout(() => ($("toast").textContent = ""), 8000);
}

// ---- actions

async function goTo(find, otherwise) {
  try {
    const at = await find();
    if (at === null) say(otherwise);
    else go(camera, at);
  } catch (problem) {
    onProblem(problem);
  }
}

const goToNewest = () => goTo(() => recordings.newest(), "Nothing was recorded within the last twelve months.");
const goToNext = () => goTo(() => recordings.after(player.date), "Nothing was recorded within the next month.");

/** Go to a time. Keys and buttons cause many seeks in a row: only the last one is requested. */
function seek(at, settled = false) {
  at = Math.min(at, now());
  timeline.follow(at);
  drawClock(at);
  clearTimeout(settling);
  const act = () => {
    settling = 0;
    history.pushState(null, "", pageAddress(camera, at));
    if (state === "playing" || state === "paused" || state === "ended") player.seek(at);
    else show(at);
    calendar.show(camera, at);
    drawLive();
  };
  if (settled) act();
  else settling = setTimeout(act, SETTLE_MS);
}

const seekBy = (ms) => timeline.cursor !== null && seek(timeline.cursor + ms);

function setClip(selection) {
  timeline.selection = selection;
  $("clip").setAttribute("aria-pressed", selection !== null);
  $("clip-panel").hidden = selection === null;
  if (selection) {
    [$("clip-from").value, $("clip-to").value] = selection.map(inputText);
    checkClip();
  }
  timeline.draw();
}

function checkClip() {
  const [from, to] = timeline.selection;
  const wrong = to <= from ? "The end lies before the begin." : to - from > CLIP_MAX_MS ? "At most 2 hours." : "";
  $("clip-to").setCustomValidity(wrong);
  $("clip-length").textContent = wrong || lengthText(to - from);
}

function toggleClip() {
  if (timeline.selection) return setClip(null);
  const at = timeline.cursor ?? now();
  const span = Math.min((timeline.to - timeline.from) / 6, 60000);
  const to = Math.min(at + span / 2, now());
  timeline.show(to - 3.5 * span, to + 2.5 * span); // so that both ends can be dragged
  setClip([to - span, to].map((ms) => Math.round(ms / 1000) * 1000));
}

async function download(event) {
  event.preventDefault();
  try {
    const link = document.createElement("a");
    link.href = await api.clipAddress(camera, ...timeline.selection);
    link.download = "";
    link.click();
    say(`Downloading ${lengthText(timeline.selection[1] - timeline.selection[0])}.`);
  } catch (problem) {
    onProblem(problem);
  }
}

/** A link to the selection, or to ten minutes around the picture. */
async function makeLink() {
  const at = timeline.selection?.[0] ?? timeline.cursor ?? now();
  const [from, to] = timeline.selection ?? [at - 300000, at + 300000];
  let proof = shared;
  if (api.access.token && !shared) {
    const { share } = await api.share(camera, from, to, $("share-life").querySelector("select").value);
    proof = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), share };
  }
  $("share-life").hidden = proof === null || proof === shared;
  $("share-what").textContent = $("share-life").hidden
    ? "Opens this camera at this moment."
    : `Opens ${camera} from ${clockText(from)} to ${clockText(to)} on ${dayText(from, "long")}, and nothing else.`;
  $("share-link").value = new URL(pageAddress(camera, at, proof), location.href).href;
}

async function openShare() {
  try {
    await makeLink();
    $("share-dialog").showModal();
    $("share-link").select();
  } catch (problem) {
    onProblem(problem);
  }
}

async function copyLink() {
  $("share-link").select();
  await navigator.clipboard.writeText($("share-link").value).catch(() => document.execCommand("copy"));
  $("share-copy").textContent = "Copied";
  setTimeout(() => ($("share-copy").textContent = "Copy link"), 2000);
}

function signIn(why) {
  $("sign-in-why").textContent = why;
  if (!$("sign-in").open) $("sign-in").showModal();
}

function onProblem(problem) {
  if (problem.name === "AbortError" || state === "missing") return;
  if (problem.status !== 401) return say(problem.message);
  if (shared) return cannotShow("This link is not valid any more.");
  player.stop();
  setState("expired");
  if (document.querySelector("main").hidden) cannotShow("This server asks for a token.");
  signIn(api.access.token ? "Your session has expired, or the token is wrong." : "This server asks who you are.");
}

// ---- periodic updates

function cannotShow(words) {
  $("page-notice").hidden = false;
  $("page-notice").firstElementChild.textContent = words;
}

function onNames() {
  const main = document.querySelector("main");
  $("sign-out").hidden = !api.access.token || shared !== null;
  if (cameras.count === 0) return cannotShow("No camera has recorded yet.");
  $("page-notice").hidden = true;
  if (!main.hidden) return onStates();
  main.hidden = false;
  follow();
}

function onStates() {
  const known = cameras.find(camera);
  if (state === "missing" ? known : state === "off" && known?.live) show(fromAddress().at);
}

function onNoNames(problem) {
  if (problem.status === 401) onProblem(problem);
  else if (document.querySelector("main").hidden) cannotShow(`${problem.message} Trying again.`);
}

function tick() {
  timeline.now = now();
  if (recordings && !document.hidden) recordings.want(timeline.from, timeline.to);
  timeline.draw();
  if (!player.isLive && state === "playing" && player.date !== null && !settling)
    history.replaceState(null, "", pageAddress(camera, Math.floor(player.date / 1000) * 1000));
}

// ---- events

cameras.addEventListener("names", onNames);
cameras.addEventListener("states", onStates);
cameras.addEventListener("problem", (e) => onNoNames(e.detail));

player.addEventListener("state", (e) => setState(e.detail.state));
player.addEventListener("time", (e) => {
  if (settling) return;
  drawClock(e.detail.date);
  timeline.follow(e.detail.date);
});
player.addEventListener("skip", ({ detail: { from, to } }) =>
  say(`No recording from ${clockText(from)} to ${clockText(to)}: ${lengthText(to - from)} passed over.`),
);
timeline.addEventListener("seek", (e) => seek(e.detail.at, e.detail.settled));
timeline.addEventListener("live", () => go(camera, null));
timeline.addEventListener("select", (e) => setClip(e.detail.selection.map((ms) => Math.round(ms / 1000) * 1000)));
timeline.addEventListener("view", () => {
  recordings?.want(timeline.from, timeline.to);
  drawDay();
});
calendar.addEventListener("pick", async ({ detail: { from, to } }) => {
  const span = to - from;
  timeline.show(from - span * 0.02, to + span * 0.02);
  goTo(async () => {
    const first = await recordings.after(from);
    return first !== null && first < to ? first : null;
  }, `No recording on ${dayText(from, "long")}.`);
});
calendar.addEventListener("problem", (e) => onProblem(e.detail));

$("play").onclick = () => (player.isLive || ["playing", "paused", "loading"].includes(state) ? player.toggle() : show(timeline.cursor));
$("back").onclick = () => seekBy(-10000);
$("forth").onclick = () => seekBy(10000);
$("frame-before").onclick = () => player.step(-1);
$("frame-next").onclick = () => player.step(1);
$("live").onclick = () => go(camera, null);
$("speed").onchange = (e) => ((player.rate = +e.target.value), drawLive());
$("clip").onclick = toggleClip;
$("clip-panel").onsubmit = download;
$("share").onclick = openShare;
$("share-copy").onclick = copyLink;
$("share-life").onchange = () => makeLink().catch(onProblem);
$("full").onclick = () => (document.fullscreenElement ? document.exitFullscreen() : $("viewer").requestFullscreen());
$("video").onclick = () => $("play").click();
$("zoom-in").onclick = () => timeline.zoom(1 / 2, timeline.cursor ?? undefined);
$("zoom-out").onclick = () => timeline.zoom(2, timeline.cursor ?? undefined);
$("utc").onchange = (e) => {
  zone.utc = e.target.checked;
  localStorage.setItem("utc", zone.utc ? "1" : "");
  calendar.renew();
  drawZone();
};
$("sign-in").onsubmit = () => {
  api.access.signIn($("token").value.trim());
  $("token").value = "";
  cameras.renew();
  cameras.poll().then(() => state === "expired" && follow());
};
$("sign-out").onclick = () => {
  api.access.signIn(null);
  location.reload();
};
for (const id of ["clip-from", "clip-to"])
  $(id).onchange = () => {
    const selection = [fromInput($("clip-from").value), fromInput($("clip-to").value)];
    if (selection.some(Number.isNaN)) return;
    timeline.selection = selection;
    checkClip();
    timeline.draw();
  };

// ---- sound, off at first: browsers permit it only after a click

const sound = { on: localStorage.getItem("sound") === "1", volume: Number(localStorage.getItem("volume") ?? 1) };

function drawSound() {
  const { muted, volume } = $("video");
  $("sound").setAttribute("aria-pressed", !muted);
  $("sound").querySelector("use").setAttribute("href", muted || volume === 0 ? "#i-muted" : "#i-sound");
  $("volume").value = volume;
}

function setSound(on, volume) {
  localStorage.setItem("sound", on ? "1" : "");
  localStorage.setItem("volume", volume);
  Object.assign($("video"), { muted: !on, volume });
}

$("video").addEventListener("volumechange", drawSound);
$("sound").onclick = () => setSound($("video").muted, $("video").volume || 1);
$("volume").oninput = (e) => setSound(+e.target.value > 0, +e.target.value);
setSound(sound.on, sound.volume);
drawSound();

/** Keys of the player, unless another element handles them. */
const KEYS = { " ": "play", m: "sound", k: "play", j: "back", l: "forth", ",": "frame-before", ".": "frame-next", f: "full" };
document.addEventListener("keydown", (event) => {
  const target = event.target;
  const mine = target === document.body || $("viewer").contains(target);
  const taken = target.matches("input, select") || (event.key === " " && target.matches("button, a"));
  const id = KEYS[event.key];
  if (!mine || taken || !id || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  $(id).click();
});

function drawZone() {
  drawDay();
  cameras.draw();
  if (player.date !== null) drawClock(player.date);
  if (camera) calendar.show(camera, timeline.cursor ?? now());
  if (timeline.selection) setClip(timeline.selection);
  timeline.draw();
}

addEventListener("hashchange", follow);

zone.utc = $("utc").checked = localStorage.getItem("utc") === "1";
{
  const { share, from, to } = fromAddress();
  if (share) {
    const given = new URLSearchParams(location.hash.slice(1));
    shared = { from: given.get("from"), to: given.get("to"), share };
    Object.assign(api.access, { share, from, to });
    document.querySelector("main").classList.add("shared");
  }
}
cameras.current = fromAddress().camera;
cameras.poll();
setInterval(() => cameras.poll(), STATES_MS);
setInterval(tick, 1000);
