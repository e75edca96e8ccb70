/** What can be done with chosen pictures, as a menu: the same verbs in the same order as the selection bar. */
import { address } from "../api/client";
import { sizeOf, spread, stack, turn, unstack } from "../organise/arrange";
import { addPictures } from "../organise/choices";
import { dialogs } from "../organise/dialogs.svelte";
import { tagPictures } from "../organise/tags";
import { placeOf } from "../sidebar/place";
import { entriesOf, resolved } from "../sidebar/rows";
import { type Selected, remove, restore, score } from "../state/actions";
import { edit, take } from "../state/groups";
import { library } from "../state/library.svelte";
import { route } from "../state/route.svelte";
import { CopyError, copyPicture, whyNoPictureCopy } from "../ui/copy";
import { counted } from "../ui/format";
import type { Item } from "../ui/menu.svelte";
import { toasts } from "../ui/toasts.svelte";
import { SCORE, STACKED } from "./frozen";

/** @param open opens the one picture chosen; null where there are several */
export function pictureMenu(selected: Selected, open: (() => void) | null): Item[] {
  const { view, ranges } = selected;
  const size = sizeOf(selected);
  const first = ranges[0]?.[0];
  const id = size === 1 && first !== undefined ? view.idAt(first) : undefined;
  const items: Item[] = [];
  if (open) items.push({ label: "Open", icon: "open", keys: "Enter", run: open }, "line");
  if (!library.readonly) {
    const now = id !== undefined && first !== undefined ? (view.flagsAt(first) ?? 0) & SCORE : 0;
    items.push({ score: now, give: (n) => void score(selected, n) });
    if (!library.inScrapheap) items.push(...belonging(selected, id), "line", ...lying(selected));
    items.push("line");
  }
  if (id !== undefined) {
    items.push({ label: "Save the original", icon: "download", run: () => save(id) });
    items.push({ label: "Copy the picture", icon: "copy", run: () => void copy(id) });
    if (!library.readonly) items.push("line");
  }
  if (!library.readonly) {
    const of = size === 1 ? "" : ` ${counted(size, "picture")}`;
    if (library.inScrapheap) {
      items.push({
        label: size === 1 ? "Restore" : `Restore${of}`,
        icon: "restore",
        keys: "Del",
        run: () => void restore(selected),
      });
    } else {
      items.push({
        label: `Move${of} to the scrapheap`,
        icon: "scrapheap",
        keys: "Del",
        run: () => void remove(selected),
      });
    }
  }
  return items;
}

/** Where pictures belong. */
function belonging(selected: Selected, id: number | undefined): Item[] {
  const items: Item[] = [
    { label: "Tag…", icon: "tag", keys: "T", run: () => tagPictures(selected) },
    { label: "Descriptions…", icon: "text", run: () => (dialogs.captions = selected) },
    { label: "Add to set…", icon: "set", keys: "S", run: () => addPictures(selected, "set") },
    { label: "Add to character…", icon: "person", keys: "C", run: () => addPictures(selected, "character") },
    { label: "Move to project…", icon: "box", keys: "P", run: () => addPictures(selected, "project") },
  ];
  const { parts } = resolved(placeOf(route.q), library.sidebar);
  const here = library.sidebar && parts.length === 1 && parts[0] ? entriesOf(library.sidebar).get(parts[0]) : undefined;
  if (!here?.group) return items;
  items.push({ label: `Take out of ${here.name}`, icon: "minus", run: () => void take(selected, here) });
  if (id !== undefined)
    items.push({ label: `Cover of ${here.name}`, icon: "pictures", run: () => void edit(here, { cover: id }) });
  return items;
}

/** How pictures lie: stacked, turned, dated. */
function lying(selected: Selected): Item[] {
  const several = sizeOf(selected) > 1;
  const first = selected.ranges[0]?.[0];
  const stacked = several || (first !== undefined && ((selected.view.flagsAt(first) ?? 0) & STACKED) !== 0);
  const items: Item[] = several ? [{ label: "Stack", icon: "stack", keys: "K", run: () => void stack(selected) }] : [];
  const id = several || first === undefined ? undefined : selected.view.idAt(first);
  if (stacked && id !== undefined) items.push({ label: "Show the stack", icon: "stack", run: () => void spread(id) });
  if (stacked) items.push({ label: "Unstack", icon: "squares", keys: "Shift+K", run: () => void unstack(selected) });
  return [
    ...items,
    { label: "Turn right", icon: "redo", keys: "Ctrl+→", run: () => void turn(selected, 1) },
    { label: "Turn left", icon: "undo", keys: "Ctrl+←", run: () => void turn(selected, -1) },
    { label: "Date…", icon: "clock", run: () => (dialogs.dates = selected) },
  ];
}

function save(id: number): void {
  const link = document.createElement("a");
  link.href = address(`/pictures/${id}/original?download=1`);
  link.download = "";
  link.click();
}

async function copy(id: number): Promise<void> {
  const why = whyNoPictureCopy();
  if (why) return toasts.bad(why);
  const image = new Image();
  image.src = address(`/pictures/${id}/original`);
  try {
    await image.decode();
    await copyPicture(image);
    toasts.add({ text: "Picture copied", seconds: 4 });
  } catch (error) {
    toasts.bad(
      error instanceof CopyError ? error.sentence : "The browser cannot show this picture, so it cannot be copied",
    );
  }
}
