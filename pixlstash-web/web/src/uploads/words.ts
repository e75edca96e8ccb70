import type { Archive } from "../api/schema";
import { bytes, count, counted, duration } from "../ui/format";
import type { Item } from "./uploads.svelte";

/** How far all of them have come. */
export interface Totals {
  files: number;
  done: number;
  size: number;
  sent: number;
  /** Bytes that did not have to be sent. */
  here: number;
}

const GONE = new Set(["cancelled", "failed", "refused"]);

/** Of files that are still wanted. */
export function totals(items: readonly Item[], going: (item: Item) => boolean): Totals {
  const all = { files: items.length, done: 0, size: 0, sent: 0, here: 0 };
  for (const item of items) {
    if (!going(item)) all.done += 1;
    if (GONE.has(item.state)) continue;
    all.size += item.size;
    all.sent += item.sent;
    all.here += item.here;
  }
  return all;
}

/** "1.2 GB of 4.0 GB · 34 MB/s · 2 min left" */
export function pace({ size, sent, here }: Totals, speed: number): string {
  const parts = [`${bytes(sent)} of ${bytes(size)}`];
  if (here > 0) parts.push(`${bytes(here)} already on the server`);
  if (speed > 0) parts.push(`${bytes(speed)}/s`);
  if (speed > 0 && sent < size) parts.push(`${duration((size - sent) / speed)} left`);
  return parts.join(" · ");
}

/** What became of them: "3 pictures added, 1 here already". */
export function summary(items: readonly Item[]): string {
  const n = { imported: 0, here: 0, refused: 0, failed: 0, cancelled: 0 };
  for (const { state, archive } of items) {
    if (archive) {
      n.imported += archive.imported;
      n.here += archive.duplicates;
      n.refused += archive.refused;
    } else if (state === "imported" || state === "refused" || state === "failed" || state === "cancelled")
      n[state] += 1;
    else if (state === "duplicate" || state === "scrapheaped" || state === "restored") n.here += 1;
  }
  return listed(n);
}

/** What became of the files in a zip file, so far. */
export function unpacked(archive: Archive): string {
  const { imported, duplicates: here, refused, files, finished } = archive;
  const done = imported + here + refused;
  if (!finished) return files === null ? "Unpacking" : `Unpacking ${count(done)} of ${count(files)}`;
  return done ? listed({ imported, here, refused, failed: 0, cancelled: 0 }) : "There is nothing in it.";
}

function listed(n: Record<"imported" | "here" | "refused" | "failed" | "cancelled", number>): string {
  const others = n.here + n.refused + n.failed + n.cancelled;
  return [
    n.imported || !others ? `${counted(n.imported, "picture")} added` : "",
    n.here ? `${count(n.here)} here already` : "",
    n.refused ? `${count(n.refused)} refused` : "",
    n.failed ? `${count(n.failed)} failed` : "",
    n.cancelled ? `${count(n.cancelled)} cancelled` : "",
  ]
    .filter(Boolean)
    .join(", ");
}

/** Files that ended alike, or are not there yet. */
export interface Group {
  key: string;
  title: string;
  /** Somebody has to know or do something about them. */
  bad: boolean;
  items: Item[];
}

/** Groups in the order of `sorted`; those that were refused or failed one by reason. */
export function grouped(items: readonly Item[]): Group[] {
  const groups = new Map<string, Group>();
  for (const item of sorted(items)) {
    const going = ["sending", "waiting", "taking", "queued"].includes(item.state);
    const bad = item.state === "refused" || item.state === "failed";
    const title = going ? "In progress" : item.archive ? "Zip files" : standing(item);
    const key = going ? "going" : item.archive ? "archive" : `${item.state} ${item.reason ?? ""}`;
    const group = groups.get(key) ?? { key, title, bad, items: [] };
    group.items.push(item);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A line for each file: what became of it, and its path. */
export function report(items: readonly Item[]): string {
  return sorted(items)
    .map((item) => `${standing(item)}\t${item.path}`)
    .join("\n");
}

const WORDS: Record<Item["state"], string> = {
  queued: "Waiting",
  sending: "",
  waiting: "Waiting for the server",
  taking: "Processing",
  imported: "Added",
  duplicate: "Already in the library",
  scrapheaped: "In the scrapheap",
  restored: "Restored from the scrapheap",
  archive: "",
  refused: "Refused",
  failed: "Stopped",
  cancelled: "Cancelled",
};

/** A line about one file. */
export function standing(item: Item): string {
  if (item.archive) return unpacked(item.archive);
  if (item.state === "sending") return `${bytes(item.sent)} of ${bytes(item.size)}`;
  return item.reason ? `${WORDS[item.state]}: ${item.reason}` : WORDS[item.state];
}

/** What somebody has to know or do comes first; what went well comes last. */
const ORDER =
  "sending waiting taking failed refused scrapheaped archive duplicate queued cancelled restored imported".split(" ");

export function sorted(items: readonly Item[]): Item[] {
  const rank = (item: Item) => ORDER.indexOf(item.state);
  return [...items].sort((a, b) => rank(a) - rank(b) || a.key - b.key);
}
