/** Numbers, sizes and times as people read them. Each function takes the raw value of the API. */

import { look } from "../state/look.svelte";

const THIN = "\u2009";

/** A count with the reader's own grouping: 48,216. */
export function count(n: number): string {
  return look.whole.format(n);
}

/** A number with one digit after the point: 3.2. */
export function decimal(n: number): string {
  return n.toLocaleString(look.numberLocale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

/** "1 picture", "48,216 pictures". */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A size in bytes with three significant digits, in powers of 1000 as file managers and shops count: 1.61 MB. */
export function bytes(n: number): string {
  if (!Number.isFinite(n) || n < 0) return "–";
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  // 999.5 would be shown as 1000 of the smaller unit
  while (n >= 999.5 && unit < units.length - 1) {
    n /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2;
  const places = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${n.toLocaleString(look.numberLocale, places)}${THIN}${units[unit]}`;
}

/** Width and height in pixels: 1024 × 1024. */
export function pixels(width: number, height: number): string {
  return `${width} × ${height}`;
}

/** An ISO 8601 time as day and time in the reader's zone, or "unknown" for none. */
export function moment(iso: string | null | undefined): string {
  const at = iso ? new Date(iso) : null;
  return at && !Number.isNaN(at.getTime()) ? look.dayTime.format(at) : "unknown";
}

/** An ISO 8601 time as a day. */
export function date(iso: string | null | undefined): string {
  const at = iso ? new Date(iso) : null;
  return at && !Number.isNaN(at.getTime()) ? look.day.format(at) : "unknown";
}

/** How long ago, coarse: "just now", "4 min ago", "3 h ago", then the day. */
export function ago(iso: string, now: number = Date.now()): string {
  const seconds = (now - new Date(iso).getTime()) / 1000;
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 45) return "just now";
  if (seconds < 3570) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return date(iso);
}

/** Seconds left or spent, two units at most: 44 s, 3 min 5 s, 2 h 10 min, 3 days. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  const days = Math.round(minutes / 1440);
  return days === 1 ? "1 day" : `${days} days`;
}

/** A place in a video: 0:07, 12:30, 1:02:03. */
export function clock(seconds: number): string {
  const s = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(s / 60) % 60;
  return s < 3600 ? `${minutes}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(minutes)}:${two(s % 60)}`;
}

/** Pictures a second: 214/s, 3.4/s; slower than one in two seconds reads better by the minute: 12/min. */
export function rate(perSecond: number): string {
  if (!Number.isFinite(perSecond) || perSecond < 0) return "–";
  if (perSecond > 0 && perSecond < 0.5) return `${(perSecond * 60).toFixed(perSecond * 60 < 10 ? 1 : 0)}/min`;
  return `${perSecond < 9.95 ? perSecond.toFixed(1).replace(/\.0$/, "") : count(perSecond)}/s`;
}

// Control characters, and those that turn the direction of text: "exe.png" may be "gnp.exe" read backwards.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A name from a file, on one line, with what would hide its true spelling made visible. */
export function visible(name: string): string {
  return name.replace(UNSEEN, "\ufffd");
}
