/** Restore points: their groups, what each is called, and the addresses that lead to them and back. */
import type { Snapshot, SnapshotKind } from "../api/schema";
import { type Place, write } from "../state/address";

export interface Group {
  kind: SnapshotKind;
  label: string;
  /** The oldest first. */
  points: readonly Snapshot[];
}

const GROUPS: readonly (readonly [SnapshotKind, string])[] = [
  ["MONTHLY", "monthly"],
  ["WEEKLY", "weekly"],
  ["DAILY", "daily"],
  ["MANUAL", "yours"],
  ["OPPORTUNISTIC", "safety"],
];

export const KINDS: Readonly<Record<SnapshotKind, string>> = {
  MONTHLY: "monthly",
  WEEKLY: "weekly",
  DAILY: "daily",
  MANUAL: "taken by hand",
  OPPORTUNISTIC: "safety",
};

/** The groups that have any, longest period first. */
export function grouped(snapshots: readonly Snapshot[]): Group[] {
  return GROUPS.map(([kind, label]) => ({
    kind,
    label,
    points: snapshots.filter((one) => one.kind === kind).toSorted((one, other) => one.id - other.id),
  })).filter(({ points }) => points.length);
}

const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(undefined, options);
const month = format({ month: "short" });
const monthOfYear = format({ month: "short", year: "2-digit" });
const dayOfMonth = format({ day: "numeric", month: "short" });
const weekday = format({ weekday: "short", day: "numeric" });
const time = format({ hour: "2-digit", minute: "2-digit" });
const whole = format({
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "numeric",
  minute: "2-digit",
});

/** Below its point: as short as its group allows. */
export function tick(one: Snapshot, now: Date = new Date()): string {
  const at = new Date(one.created_at);
  if (one.kind === "MANUAL" && one.label) return one.label;
  if (one.kind === "MONTHLY") return (sameYear(at, now) ? month : monthOfYear).format(at);
  if (one.kind === "DAILY") return weekday.format(at);
  if (at.toDateString() === now.toDateString()) return time.format(at);
  return dayOfMonth.format(at);
}

/** In a sentence: its label, else its day, with the time where it was today. */
export function called(one: Snapshot, now: Date = new Date()): string {
  const at = new Date(one.created_at);
  if (one.label && one.kind === "MANUAL") return `“${one.label}”`;
  if (at.toDateString() === now.toDateString()) return time.format(at);
  return sameYear(at, now) ? dayOfMonth.format(at) : `${dayOfMonth.format(at)} ${at.getFullYear()}`;
}

/** Day and time in full. */
export function when(one: Snapshot): string {
  return whole.format(new Date(one.created_at));
}

function sameYear(one: Date, other: Date): boolean {
  return one.getFullYear() === other.getFullYear() || other.getTime() - one.getTime() < 350 * 86_400_000;
}

/** Heights in pixels that show sizes in bytes; a small one is still seen. */
export function heights(sizes: readonly number[], highest: number): number[] {
  const most = Math.max(1, ...sizes);
  return sizes.map((size) => (size <= 0 ? 0 : Math.max(3, Math.round((highest * size) / most))));
}

const TOP: Place = { q: "", sort: "", at: null, open: null, size: null, mode: null };

/** The address of the library as it was then. */
export function pastOf({ id }: Pick<Snapshot, "id">): string {
  return write({ ...TOP, asof: id });
}

/** The address of the same view now. */
export function presentOf({ q, sort }: Pick<Place, "q" | "sort">): string {
  return write({ ...TOP, q, sort });
}

/** The address of a restore point on the page of snapshots. */
export function pointOf(id: number): string {
  return write({ ...TOP, page: "snapshots", about: String(id) });
}
