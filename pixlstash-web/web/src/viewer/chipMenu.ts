/** What can be done with a tag of a picture. */
import type { PictureTag } from "../api/schema";
import type { Verb } from "../dialogs/tags";
import { route } from "../state/route.svelte";
import type { Item } from "../ui/menu.svelte";
import { type Column, VERBS } from "./tagColumns";

export interface ChipActs {
  find: () => void;
  decide: (verb: Verb) => void;
}

export function chipMenu(tag: PictureTag, column: Column, readonly: boolean, { find, decide }: ChipActs): Item[] {
  const items: Item[] = [
    { label: `Find pictures tagged "${tag.name}"`, icon: "search", keys: "Ctrl+click", run: find },
  ];
  if (readonly) return items;
  if (column === "suggested") items.push({ label: "Accept", icon: "tick", keys: "A", run: () => decide("accept") });
  const label = column === "yours" ? "Remove from this picture" : "Reject";
  return [
    ...items,
    { label, icon: "close", keys: "R", run: () => decide(VERBS[column]) },
    "line",
    {
      label: "Edit in the vocabulary",
      icon: "pencil",
      note: "Rename, merge, aliases, never-list",
      run: () => route.turn("tags", tag.name),
    },
  ];
}
