/** What can be done with an entry of the sidebar: looking first, then its own looks, where it belongs, and its end. */
import { downloading, wholeMenu } from "../grid/pictureMenu";
import { likeEntry } from "../similarity/similar";
import { dialogs } from "../dialogs/dialogs.svelte";
import { addEntries, addPictures } from "../dialogs/choices";
import type { Selected } from "../state/actions";
import { edit, remove } from "../state/groups";
import { route } from "../state/route.svelte";
import { library } from "../state/library.svelte";
import { picked } from "../snapshots/picked.svelte";
import type { Act, Item } from "../ui/menu.svelte";
import { folds } from "./folds.svelte";
import { type Entry, lockedSet, type Row } from "./rows";
import { about, reading, type RowPictures } from "./rowPictures";

export interface Acts {
  go(): void;
  combine(): void;
  rename(): void;
  look(entry: Entry): void;
  /** It is among what is shown. */
  combined: boolean;
}

/** The same for what only shows pictures: a folder, or a name with sets below it. */
export function rowMenu(whole: RowPictures, acts: Pick<Acts, "go" | "combine" | "combined">): Item[] {
  const looks = [...looking(acts), ...saving(whole)];
  if (library.readonly) return looks;
  return [...looks, "line", ...pictures(whole, about(whole)(movePictures))];
}

/** Of a folder, and of the section of folders; a line comes first. */
export function foldersMenu(row: Row): Item[] {
  const isFolder = row.type === "folder" || (row.type === "head" && row.section === "folder");
  if (!isFolder || !library.owner || library.readonly) return [];
  return ["line", { label: "Manage folders…", icon: "folder", run: () => dialogs.open("folders", null) }];
}

function looking({ go, combine, combined }: Pick<Acts, "go" | "combine" | "combined">): Item[] {
  return [
    { label: "Open", icon: "open", keys: "Enter", run: go },
    {
      label: combined ? "Leave out of what is shown" : "Combine with what is shown",
      icon: "compare",
      keys: "Space",
      run: combine,
    },
  ];
}

/** Its pictures as files; a snapshot's can only be looked at. */
function saving(whole: RowPictures): Item[] {
  return library.past ? [] : downloading(reading(whole), whole.name);
}

const movePictures = (selected: Selected) => addPictures(selected, "project");

/** The verbs of the grid, for all pictures of a row. */
function pictures(whole: RowPictures, project: () => void): Item[] {
  return wholeMenu(about(whole), whole.pictures, project);
}

export function entryMenu(entry: Entry, { rename, look, ...acts }: Acts): Item[] {
  const locked = lockedSet(entry);
  const whole = { part: entry.part, name: entry.name, pictures: entry.group?.pictures ?? null };
  const items = [...looking(acts), ...saving(whole)];
  if (library.returnable && entry.group)
    items.push("line", { label: "Restore this…", icon: "history", run: () => picked.entry(entry) });
  if (library.readonly) return items;
  const all = pictures(whole, moves(entry) ? () => addEntries([entry]) : about(whole)(movePictures));
  // A set or a character is something to be like itself, however many pictures are in it.
  const likes = (item: Item) => item !== "line" && "keys" in item && item.keys === "L" && moves(entry);
  items.push("line", ...all.map((item) => (likes(item) ? { ...(item as Act), run: () => likeEntry(entry) } : item)));
  if (entry.kind === "character")
    items.push({ label: "Faces and suggestions", icon: "face", run: () => route.turn("people", String(entry.id)) });
  items.push("line", { label: "Rename", icon: "pencil", keys: "F2", run: rename });
  if (entry.group) items.push({ label: "Colour, icon and note…", icon: "palette", run: () => look(entry) });
  if (entry.kind === "set") {
    const label = locked ? "Unlock" : "Lock";
    items.push({ label, icon: locked ? "unlock" : "lock", run: () => void edit(entry, { locked: !locked }) });
  }
  if (entry.group && library.owner)
    items.push({ label: "Share…", icon: "share", run: () => dialogs.open("share", { entry }) });
  if (entry.group && library.owner)
    items.push({ label: "Restore from a snapshot…", icon: "history", run: () => picked.entry(entry) });
  items.push("line", { label: "Delete", icon: "scrapheap", keys: "Del", run: () => void remove(entry) });
  return items;
}

/** Whether a project can hold it, and with it its pictures. */
export function moves({ kind }: Entry): boolean {
  return kind === "set" || kind === "character";
}

/** Of the section of characters: people do not agree on what they are called. */
export function headMenu(begin: () => void): Item[] {
  const heads: Item[] = [
    { label: "Call them Characters", checked: !folds.people, run: () => folds.head(false) },
    { label: "Call them People", checked: folds.people, run: () => folds.head(true) },
  ];
  return library.readonly ? heads : [{ label: "New", icon: "plus", keys: "Ins", run: begin }, "line", ...heads];
}
