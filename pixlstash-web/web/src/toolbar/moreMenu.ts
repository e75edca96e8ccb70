/** What else can be done with the library, behind the last button. */
import { chosen } from "../grid/chosen";
import { dialogs } from "../dialogs/dialogs.svelte";
import { beginReview } from "../review/start";
import { library } from "../state/library.svelte";
import { picked } from "../snapshots/picked.svelte";
import { narrow } from "../ui/screen";
import { sidePanel } from "../statistics/sidePanel.svelte";
import { route } from "../state/route.svelte";
import { table } from "../state/table.svelte";
import type { Item } from "../ui/menu.svelte";

export interface Acts {
  history(): void;
  sheet(): void;
  leave(): void;
  palette(): void;
  slides(): void;
}

export function moreMenu(acts: Acts): Item[] {
  const items: Item[] = [];
  if (!library.readonly) {
    items.push({ label: "History", icon: "undo", run: acts.history }, "line");
  }
  if (library.returnable && table.view?.count) {
    const { view, selection } = table;
    const some = selection.size ? chosen(-1) : { view, ranges: [[0, view.count] as const] };
    const label = selection.size ? "Restore these…" : "Restore all of this view…";
    items.push({ label, icon: "history", run: () => void (some && picked.pictures(some)) }, "line");
  }
  items.push({ label: "Review side by side", icon: "compare", keys: "V", run: () => void beginReview() });
  if (table.view?.count && !route.page)
    items.push({ label: "Slide show", icon: "play", keys: "Ctrl+Enter", run: acts.slides });
  if (!library.readonly)
    items.push({
      label: "Stack by rule…",
      icon: "stack",
      run: () => dialogs.open("stacks", table.selection.size ? chosen(-1) : null),
    });
  if (!library.past) items.push({ label: "Duplicates", icon: "copy", run: () => route.turn("duplicates") });
  if (library.owner && !library.past) items.push({ label: "Engines", icon: "chip", run: () => route.turn("engines") });
  if (library.owner && !library.readonly && !library.past)
    items.push({ label: "Links…", icon: "link", run: () => dialogs.open("share", null) });
  if (library.owner && !library.readonly)
    items.push({ label: "Hide and blur…", icon: "eyeOff", run: () => dialogs.open("hide", null) });
  items.push({ label: "Commands…", icon: "search", keys: "Ctrl+K", run: acts.palette });
  items.push({ label: "Settings", icon: "tune", run: () => route.turn("settings") });
  // On a phone there are no keys, and statistics have no button of their own.
  if (narrow.current)
    items.push({ label: "Statistics", icon: "statistics", run: () => sidePanel.toggle("statistics") });
  else items.push({ label: "Keyboard shortcuts", icon: "keyboard", keys: "?", run: acts.sheet });
  items.push({ label: "Log out", icon: "signOut", run: acts.leave });
  return items;
}
