/** What can be done with chosen pictures, as a menu: the same verbs in the same order as the selection bar. */
import { because } from "../api/client";
import { original } from "../api/images";
import { engineMenus } from "../engines/menus";
import { sizeOf, spread, stack, turn, unstack } from "../dialogs/arrange";
import { addPictures } from "../dialogs/choices";
import { saveFrom } from "../exports/saving";
import { beginReview } from "../review/start";
import { similar } from "../similarity/similar";
import { dialogs } from "../dialogs/dialogs.svelte";
import { tagPictures } from "../dialogs/tags";
import { placeOf } from "../sidebar/place";
import { entriesOf, resolved } from "../sidebar/rows";
import { picked } from "../snapshots/picked.svelte";
import { pageModules } from "../plugins/modules.svelte";
import { type Selected, remove, restore, score, selectionOf } from "../state/actions";
import { edit, take } from "../state/groups";
import { library } from "../state/library.svelte";
import { route } from "../state/route.svelte";
import { CopyError, copyPicture, whyNoPictureCopy } from "../ui/copy";
import { counted } from "../ui/format";
import type { IconName } from "../ui/icons";
import type { Item } from "../ui/menu.svelte";
import { toasts } from "../ui/toasts.svelte";
import { SCORE, STACKED } from "./frozen";

/** Does something to the pictures a menu is about, once it is known which they are. */
export type About = (act: (selected: Selected) => unknown) => () => void;

/** @param open opens the one picture chosen; null where there are several, or it is open */
export function pictureMenu(selected: Selected, open: (() => void) | null): Item[] {
  const { view, ranges } = selected;
  const size = sizeOf(selected);
  const first = ranges[0]?.[0];
  const id = size === 1 && first !== undefined ? view.idAt(first) : undefined;
  const about: About = (act) => () => void act(selected);
  const flags = first === undefined ? 0 : (view.flagsAt(first) ?? 0);
  const items: Item[] = [];
  if (open) items.push({ label: "Open", icon: "open", keys: "Enter", run: open });
  else if (size > 1)
    items.push({ label: "Review side by side", icon: "compare", keys: "V", run: () => void beginReview() });
  if (!library.readonly)
    items.push({ score: id === undefined ? 0 : flags & SCORE, give: (n) => void score(selected, n) }, "line");
  if (!library.readonly && !library.inScrapheap) items.push(...belonging(about), "line", ...engineMenus(about, true));
  if (library.readonly || !library.inScrapheap) items.push(likeness(about, true));
  if (!library.readonly && !library.inScrapheap) items.push(arranging(about, size > 1, (flags & STACKED) !== 0, id));
  items.push(...folded("More", "more", () => others(about, selected, id, size)));
  if (library.readonly) return items;
  if (!library.inScrapheap) return [...items, "line", leaving(about, size)];
  const label = size === 1 ? "Restore" : `Restore ${counted(size, "picture")}`;
  items.push("line", { label, icon: "restore", keys: "Del", run: () => void restore(selected) });
  if (library.owner)
    items.push({
      label: "Delete permanently…",
      icon: "close",
      run: about((selected) => dialogs.open("purge", selected)),
    });
  return items;
}

/**
 * The same for several pictures that are not looked at: those of an entry of the sidebar. What changes them at once has
 * no key there.
 */
export function wholeMenu(about: About, size: number | null): Item[] {
  return [
    { score: 0, give: (n) => about((selected) => score(selected, n))(), keyless: true },
    "line",
    ...belonging(about),
    describing(about),
    "line",
    ...engineMenus(about, false),
    likeness(about, false),
    arranging(about, true, true, undefined, false),
    "line",
    withoutKeys(leaving(about, size)),
  ];
}

/** These pictures as files: originals, or a training set. `name`: what they are together. */
export function downloading(about: About, name = "pictures"): Item[] {
  const opening = (dialog: "download" | "export") => about((pictures) => dialogs.open(dialog, { pictures, name }));
  return [
    { label: "Download…", icon: "download", run: opening("download") },
    { label: "Export training set…", icon: "box", run: opening("export") },
  ];
}

function withoutKeys(item: Item): Item {
  return item !== "line" && "keys" in item ? { ...item, keys: undefined } : item;
}

/** A submenu, unless nothing is in it. */
function folded(label: string, icon: IconName, items: () => Item[]): Item[] {
  return items().length ? [{ label, icon, items }] : [];
}

/** Where pictures belong. */
function belonging(about: About): Item[] {
  return [
    { label: "Tag…", icon: "tag", keys: "T", run: about(tagPictures) },
    { label: "Add to set…", icon: "set", keys: "S", run: about((selected) => addPictures(selected, "set")) },
    {
      label: "Add to character…",
      icon: "person",
      keys: "C",
      run: about((selected) => addPictures(selected, "character")),
    },
    { label: "Move to project…", icon: "box", keys: "P", run: about((selected) => addPictures(selected, "project")) },
  ];
}

function describing(about: About): Item {
  return { label: "Descriptions…", icon: "text", run: about((selected) => dialogs.open("captions", selected)) };
}

/** Pictures and faces like these. */
function likeness(about: About, keyed: boolean): Item {
  const items: Item[] = [
    { label: "Similar pictures", icon: "like", keys: "L", run: about((selected) => similar(selected, "like")) },
    { label: "Similar faces", icon: "face", keys: "Shift+L", run: about((selected) => similar(selected, "face")) },
    ...engineMenus(about, keyed, ["face"]),
  ];
  return { label: "Find similar", icon: "like", items: () => items };
}

/** Stacks, rotation and date. `id`: of the only picture. */
function arranging(about: About, several: boolean, stacked: boolean, id: number | undefined, keyed = true): Item {
  const items: Item[] = several ? [{ label: "Stack", icon: "stack", keys: "K", run: about(stack) }] : [];
  if (stacked && id !== undefined)
    items.push({ label: "Show the stack", icon: "stack", keys: "K", run: () => void spread(id) });
  if (several)
    items.push({
      label: "Stack by rule…",
      icon: "stack",
      run: about((selected) => dialogs.open("stacks", selected)),
    });
  if (several || stacked) items.push({ label: "Unstack", icon: "squares", keys: "Shift+K", run: about(unstack) });
  if (items.length) items.push("line");
  items.push(
    { label: "Rotate right", icon: "redo", keys: "Ctrl+→", run: about((selected) => turn(selected, 1)) },
    { label: "Rotate left", icon: "undo", keys: "Ctrl+←", run: about((selected) => turn(selected, -1)) },
    { label: "Date…", icon: "clock", run: about((selected) => dialogs.open("dates", selected)) },
  );
  return { label: "Stack, rotate, date", icon: "stack", items: () => (keyed ? items : items.map(withoutKeys)) };
}

/** What is asked for less often. */
function others(about: About, selected: Selected, id: number | undefined, size: number): Item[] {
  const changes = !library.readonly && !library.inScrapheap;
  return [
    ...(changes ? [describing(about), ...inGroup(selected, id)] : []),
    ...(id === undefined
      ? []
      : [
          { label: "Save the original", icon: "download", run: () => saveFrom(original(id, true)) } as const,
          { label: "Copy the picture", icon: "copy", run: () => void copy(id) } as const,
        ]),
    ...(changes && library.owner && !library.past ? [sharing(selected)] : []),
    ...(library.past ? [] : downloading(about)),
    ...(library.owner && (!library.readonly || library.returnable) ? [restoring(about, size)] : []),
    ...ofPlugins(selected, size),
  ];
}

/** Entries of plugins. */
function ofPlugins(selected: Selected, count: number): Item[] {
  return pageModules.in("menu").map((module) => ({
    label: module.title,
    icon: "box",
    run: () =>
      void Promise.all([import("../plugins/running"), selectionOf(selected)]).then(
        ([{ choose }, selection]) => choose(module, { ...selection, count }),
        (error: unknown) => toasts.bad(because(error)),
      ),
  }));
}

function sharing(selected: Selected): Item {
  return { label: "Share…", icon: "share", run: () => dialogs.open("share", { selected }) };
}

/** What can be done in the one group that is shown. */
function inGroup(selected: Selected, id: number | undefined): Item[] {
  const { parts } = resolved(placeOf(route.q), library.sidebar);
  const group = library.sidebar && parts.length === 1 && parts[0] ? entriesOf(library.sidebar).get(parts[0]) : null;
  if (!group?.group) return [];
  const items: Item[] = [{ label: `Remove from ${group.name}`, icon: "minus", run: () => void take(selected, group) }];
  if (id !== undefined)
    items.push({
      label: `Use as cover of ${group.name}`,
      icon: "pictures",
      run: () => void edit(group, { cover: id }),
    });
  return items;
}

/** Values they had in a snapshot: the one that is looked at, or one to be chosen. */
function restoring(about: About, size: number): Item {
  const run = about((selected) => picked.pictures(selected));
  if (!library.past) return { label: "Restore from a snapshot…", icon: "history", run };
  return { label: size === 1 ? "Restore this…" : "Restore these…", icon: "history", keys: "R", run };
}

function leaving(about: About, size: number | null): Item {
  const of = size === null ? " all" : size === 1 ? "" : ` ${counted(size, "picture")}`;
  return { label: `Move${of} to the scrapheap`, icon: "scrapheap", keys: "Del", run: about(remove) };
}

async function copy(id: number): Promise<void> {
  const why = whyNoPictureCopy();
  if (why) return toasts.bad(why);
  const image = new Image();
  image.src = original(id);
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
