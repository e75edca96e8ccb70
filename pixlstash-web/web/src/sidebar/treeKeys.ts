/** What the keys do in the sidebar, as in every tree: arrows go and fold, Enter shows, Space combines. */
import { addEntries } from "../organise/choices";
import { remove } from "../state/groups";
import { library } from "../state/library.svelte";
import type { Kind } from "./place";
import type { Entry, Row } from "./rows";

export interface Ground {
  rows(): readonly Row[];
  rowAt(event: Event): Row | undefined;
  focus(key: string): void;
  fold(row: Row, folded: boolean): void;
  go(row: Row): void;
  combine(row: Row): void;
  rename(entry: Entry): void;
  begin(kind: Kind): void;
}

export function treeKeys(ground: Ground): (event: KeyboardEvent) => void {
  return (event) => {
    const row = ground.rowAt(event);
    if (!row || event.altKey) return;
    const plain = !event.ctrlKey && !event.metaKey;
    const done = plain ? moved(ground, row, event.key) || changed(ground, row, event.key) : acted(ground, row, event);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function moved(ground: Ground, row: Row, key: string): boolean {
  const rows = ground.rows();
  const at = rows.indexOf(row);
  const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
  const there = to[key];
  if (there !== undefined) {
    const next = rows[Math.min(rows.length - 1, Math.max(0, there))];
    if (next) ground.focus(next.key);
    return true;
  }
  if (key === "ArrowRight") {
    if (row.open === false) ground.fold(row, false);
    else if (row.open && rows[at + 1]) ground.focus((rows[at + 1] as Row).key);
    return true;
  }
  if (key === "ArrowLeft") {
    if (row.open) ground.fold(row, true);
    else {
      const above = rows.slice(0, at).findLast(({ level }) => level < row.level);
      if (above) ground.focus(above.key);
    }
    return true;
  }
  return false;
}

function changed(ground: Ground, row: Row, key: string): boolean {
  const entry = row.type === "entry" ? row.entry : null;
  if (key === "Enter") ground.go(row);
  else if (key === " ") ground.combine(row);
  else if (key === "Insert" && !library.readonly) {
    const kind = entry?.kind ?? (row.type === "head" ? row.section : row.type === "branch" ? "set" : null);
    if (kind && kind !== "library" && kind !== "folder") ground.begin(kind);
  } else if (key === "Delete" || key === "Backspace") {
    // Never the pictures' key here: whoever presses it means the row.
    if (entry && !library.readonly) void remove(entry);
  } else if (key === "F2" && entry && !library.readonly) ground.rename(entry);
  else if (key === "p" && entry && entry.kind !== "query" && entry.kind !== "project" && !library.readonly)
    addEntries([entry]);
  else return false;
  return true;
}

function acted(ground: Ground, row: Row, event: KeyboardEvent): boolean {
  if (event.key !== " " && event.key !== "Enter") return false;
  ground.combine(row);
  return true;
}
