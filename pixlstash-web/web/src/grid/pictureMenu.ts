/** What can be done with chosen pictures, as a menu: the same verbs in the same order as the selection bar. */
import { address } from "../api/client";
import { type Selected, remove, restore, score } from "../state/actions";
import { library } from "../state/library.svelte";
import { CopyError, copyPicture, whyNoPictureCopy } from "../ui/copy";
import { counted } from "../ui/format";
import type { Item } from "../ui/menu.svelte";
import { toasts } from "../ui/toasts.svelte";
import { SCORE } from "./frozen";

/** @param open opens the one picture chosen; null where there are several */
export function pictureMenu(selected: Selected, open: (() => void) | null): Item[] {
  const { view, ranges, lost } = selected;
  const size = ranges.reduce((n, [from, to]) => n + to - from, lost?.length ?? 0);
  const first = ranges[0]?.[0];
  const id = size === 1 && first !== undefined ? view.idAt(first) : undefined;
  const items: Item[] = [];
  if (open) items.push({ label: "Open", icon: "open", keys: "Enter", run: open }, "line");
  if (!library.readonly) {
    const now = id !== undefined && first !== undefined ? (view.flagsAt(first) ?? 0) & SCORE : 0;
    items.push({ score: now, give: (n) => void score(selected, n) }, "line");
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
