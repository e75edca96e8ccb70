/** The menus of the sidebar: what can be done with a row, and in a submenu what with all its pictures. */
import { downloading, wholeMenu } from "../grid/pictureMenu";
import { likeEntry } from "../similarity/similar";
import { dialogs } from "../dialogs/dialogs.svelte";
import { addEntries } from "../dialogs/choices";
import { edit, remove } from "../state/groups";
import { route } from "../state/route.svelte";
import { library } from "../state/library.svelte";
import { picked } from "../snapshots/picked.svelte";
import { counted } from "../ui/format";
import type { Item } from "../ui/menu.svelte";
import { folds } from "./folds.svelte";
import { type Entry, lockedSet, moves, type Row } from "./rows";
import { about, reading, type RowPictures } from "./rowPictures";

export interface Acts {
  go(): void;
  combine(): void;
  rename(): void;
  look(entry: Entry): void;
  /** It is among what is shown. */
  combined: boolean;
}

/** Of a row that only shows pictures: a folder, or a name with sets below it. */
export function rowMenu(whole: RowPictures, acts: Pick<Acts, "go" | "combine" | "combined">): Item[] {
  if (library.readonly) return [...looking(acts), ...saving(whole)];
  return [...looking(acts), ...saving(whole).slice(0, 1), "line", all(whole)];
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
      label: combined ? "Remove from what is shown" : "Combine with what is shown",
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

/** What can be done with all pictures of a row. */
function all(whole: RowPictures): Item {
  const { pictures } = whole;
  const label =
    pictures === null ? "All pictures" : pictures === 1 ? "Its picture" : `All ${counted(pictures, "picture")}`;
  return { label, icon: "pictures", items: () => [...wholeMenu(about(whole), pictures), ...saving(whole).slice(1)] };
}

/** What can be done with an entry itself; then, in a submenu, with its pictures. */
export function entryMenu(entry: Entry, acts: Acts): Item[] {
  const items = looking(acts);
  const back: Item[] =
    entry.group && library.owner && (!library.readonly || library.returnable)
      ? [
          {
            label: library.past ? "Restore this…" : "Restore from a snapshot…",
            icon: "history",
            run: () => picked.entry(entry),
          },
        ]
      : [];
  const whole = { part: entry.part, name: entry.name, pictures: entry.group?.pictures ?? null };
  // Its menu is long: what else is saved of its pictures is below them, where there is such a menu.
  const further = [...(library.readonly ? saving(whole) : saving(whole).slice(0, 1)), ...back];
  if (library.readonly) return further.length ? [...items, "line", ...further] : items;
  return [...items, "line", ...own(entry, acts), "line", ...leading(entry), ...further, "line", all(whole)];
}

/** Its name, its looks, its end. */
function own(entry: Entry, { rename, look }: Acts): Item[] {
  const items: Item[] = [{ label: "Rename", icon: "pencil", keys: "F2", run: rename }];
  if (entry.group) items.push({ label: "Color, icon and note…", icon: "palette", run: () => look(entry) });
  if (entry.kind === "set") {
    const locked = lockedSet(entry);
    const label = locked ? "Unlock" : "Lock";
    items.push({ label, icon: locked ? "unlock" : "lock", run: () => void edit(entry, { locked: !locked }) });
  }
  if (entry.group && library.owner && !library.past)
    items.push({ label: "Share…", icon: "share", run: () => dialogs.open("share", { entry }) });
  items.push({ label: "Delete", icon: "scrapheap", keys: "Del", run: () => void remove(entry) });
  return items;
}

/** Where it belongs, and where it leads. */
function leading(entry: Entry): Item[] {
  const items: Item[] = [];
  if (moves(entry)) {
    items.push({ label: "Move to project…", icon: "box", keys: "P", run: () => addEntries([entry]) });
    items.push({ label: "Similar pictures", icon: "like", keys: "L", run: () => likeEntry(entry) });
  }
  if (entry.kind === "character")
    items.push({ label: "Faces and suggestions", icon: "face", run: () => route.turn("people", String(entry.id)) });
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
