/** What the keys do in the sidebar, as in every tree: arrows go and fold, Enter shows, Space combines. */
import { likeEntry, similar } from "../similarity/similar";
import { addEntries, addPictures } from "../dialogs/choices";
import { tagPictures } from "../dialogs/tags";
import type { Selected } from "../state/actions";
import { remove } from "../state/groups";
import { keys, type Press, pressed } from "../state/keys";
import { library } from "../state/library.svelte";
import type { Kind } from "./place";
import { type Entry, moves, type Row } from "./rows";
import { about, rowPicturesOf } from "./rowPictures";

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
    if (!row) return;
    const press = pressed(event);
    if (event.altKey) return void withhold(event, press);
    const plain = !press.ctrl && (!press.shift || event.key === " " || event.key === "Enter");
    const done =
      told(row, press) ||
      (plain ? moved(ground, row, event.key) || changed(ground, row, event.key) : acted(ground, row, event));
    if (!done) return void withhold(event, press);
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
  else if (key === "l" && entry && moves(entry)) likeEntry(entry);
  else if (key === "p" && entry && moves(entry) && !library.readonly) addEntries([entry]);
  else return false;
  return true;
}

/**
 * Keys of the grid that change pictures do nothing here: it could be meant for the pictures of this row, those that are
 * chosen, or the one under the pointer.
 */
function withhold(event: KeyboardEvent, press: Press): void {
  if (keys.find(press, event.altKey)?.changes) event.stopPropagation();
}

/** Opens a dialog for all pictures of the row, or searches by them. What changes them at once is only in its menu. */
function verbOf({ key, ctrl, shift }: Press): ((selected: Selected) => unknown) | null {
  const plain = !ctrl && !shift;
  if (plain && key === "t") return tagPictures;
  if (plain && key === "s") return (selected) => addPictures(selected, "set");
  if (plain && key === "c") return (selected) => addPictures(selected, "character");
  if (plain && key === "p") return (selected) => addPictures(selected, "project");
  return !ctrl && key === "l" ? (selected) => similar(selected, shift ? "face" : "like") : null;
}

/** Keys that are about a set or character itself, and not about its pictures. */
const OWN = ["p", "l"];

function told(row: Row, press: Press): boolean {
  const verb = verbOf(press);
  const whole = rowPicturesOf(row);
  if (!verb || !whole || (OWN.includes(press.key) && !press.shift && row.type === "entry" && moves(row.entry)))
    return false;
  about(whole)(verb)();
  return true;
}

function acted(ground: Ground, row: Row, event: KeyboardEvent): boolean {
  if (event.key !== " " && event.key !== "Enter") return false;
  ground.combine(row);
  return true;
}
