/** What can be done with an entry of the sidebar: looking first, then its own looks, where it belongs, and its end. */
import { addEntries } from "../organise/choices";
import { edit, remove } from "../state/groups";
import { library } from "../state/library.svelte";
import type { Item } from "../ui/menu.svelte";
import { folds } from "./folds.svelte";
import { type Entry, lockedSet } from "./rows";

export interface Acts {
  go(): void;
  combine(): void;
  rename(): void;
  look(entry: Entry): void;
  /** It is among what is shown. */
  combined: boolean;
}

export function entryMenu(entry: Entry, { go, combine, rename, look, combined }: Acts): Item[] {
  const locked = lockedSet(entry);
  const items: Item[] = [
    { label: "Open", icon: "open", keys: "Enter", run: go },
    {
      label: combined ? "Leave out of what is shown" : "Combine with what is shown",
      icon: "compare",
      keys: "Space",
      run: combine,
    },
  ];
  if (library.readonly) return items;
  items.push("line", { label: "Rename", icon: "pencil", keys: "F2", run: rename });
  if (entry.group) items.push({ label: "Colour, icon and note…", icon: "palette", run: () => look(entry) });
  if (entry.kind === "set") {
    const label = locked ? "Unlock" : "Lock";
    items.push({ label, icon: locked ? "unlock" : "lock", run: () => void edit(entry, { locked: !locked }) });
  }
  if (entry.kind === "set" || entry.kind === "character")
    items.push({ label: "Move to project…", icon: "box", keys: "P", run: () => addEntries([entry]) });
  items.push("line", { label: "Delete", icon: "scrapheap", keys: "Del", run: () => void remove(entry) });
  return items;
}

/** Of the section of characters: people do not agree on what they are called. */
export function headMenu(begin: () => void): Item[] {
  const heads: Item[] = [
    { label: "Call them Characters", checked: !folds.people, run: () => folds.head(false) },
    { label: "Call them People", checked: folds.people, run: () => folds.head(true) },
  ];
  return library.readonly ? heads : [{ label: "New", icon: "plus", keys: "Ins", run: begin }, "line", ...heads];
}
