// SPDX-License-Identifier: MIT-0
// Times are UNIX milliseconds. They are shown in the viewer's time zone, or in UTC if selected.

const two = (n) => String(n).padStart(2, "0");

export const zone = { utc: false };

/** Offset from UTC at a time, in minutes east. */
export const offset = (ms) => (zone.utc ? 0 : -new Date(ms).getTimezoneOffset());

/** A Date whose getUTC…() methods return the local wall time. */
export const wall = (ms) => new Date(ms + offset(ms) * 60000);

/** Time at which a day begins; month counts from 0, day may exceed the month. */
export const dayStart = (year, month, day) =>
  zone.utc ? Date.UTC(year, month, day) : new Date(year, month, day).getTime();

export function dayOf(ms) {
  const w = wall(ms);
  return { year: w.getUTCFullYear(), month: w.getUTCMonth(), day: w.getUTCDate() };
}

export function dateText(ms) {
  return wall(ms).toISOString().slice(0, 10);
}

/** 03:12:04, with milliseconds if exact. */
export function clockText(ms, exact = false) {
  return wall(ms).toISOString().slice(11, exact ? 23 : 19);
}

const DAY = { year: "numeric", day: "numeric" };
const DAY_STYLES = {
  medium: { ...DAY, month: "short" },
  weekday: { ...DAY, month: "short", weekday: "short" },
  long: { ...DAY, month: "long" },
};

/** The day in the viewer's language. */
export const dayText = (ms, style) =>
  new Intl.DateTimeFormat(undefined, { ...DAY_STYLES[style], timeZone: "UTC" }).format(wall(ms));

export function zoneText(ms) {
  const minutes = offset(ms);
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(size / 60)}${size % 60 ? `:${two(size % 60)}` : ""}`;
}

export function lengthText(ms) {
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 ? ` ${s % 60} s` : ""}`;
  return `${Math.floor(s / 3600)} h${Math.floor((s % 3600) / 60) ? ` ${Math.floor((s % 3600) / 60)} min` : ""}`;
}

/** The value of an <input type=datetime-local>, and back. */
export const inputText = (ms) => wall(ms).toISOString().slice(0, 19);

export function fromInput(text) {
  const asUtc = Date.parse(`${text}Z`);
  return zone.utc || Number.isNaN(asUtc) ? asUtc : new Date(text).getTime();
}
