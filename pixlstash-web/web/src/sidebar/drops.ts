/** Where what is dragged can be dropped, and what that does. */
import { remove, restore } from "../state/actions";
import { add, dropOn } from "../state/groups";
import { library } from "../state/library.svelte";
import type { Held } from "../ui/drag.svelte";
import { lockedSet, type Row } from "./rows";

export function canDrop(held: Held, row: Row): boolean {
  if (row.type === "place") return held.selected !== undefined && Boolean(row.q) !== library.inScrapheap;
  if (row.type !== "entry" || row.entry.kind === "query") return false;
  if (held.selected) return !lockedSet(row.entry) && !library.inScrapheap;
  return row.entry.kind === "project" && held.entries.every(({ kind }) => kind === "set" || kind === "character");
}

/** `also`: what moves stays where it was as well. */
export async function drop(held: Held, row: Row, also: boolean): Promise<void> {
  if (row.type === "place" && held.selected) {
    await (row.q ? remove(held.selected) : restore(held.selected));
  } else if (row.type === "entry") {
    const { entry } = row;
    if (entry.kind === "project") await dropOn(entry, { ...held, add: also });
    else if (held.selected) await add(held.selected, entry);
  }
}
