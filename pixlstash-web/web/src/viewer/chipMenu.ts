/** What can be done with a tag of a picture. */
import type { PictureTag } from "../api/schema";
import type { Verb } from "../dialogs/tags";
import { hidden } from "../hidden/hidden.svelte";
import { library } from "../state/library.svelte";
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
    ...(library.owner ? hiding(tag.name) : []),
    "line",
    {
      label: "Edit in the vocabulary",
      icon: "pencil",
      note: "Rename, merge, aliases, never-list",
      run: () => route.turn("tags", tag.name),
    },
  ];
}

function hiding(tag: string): Item[] {
  return [
    "line",
    { label: `Hide pictures tagged "${tag}"`, icon: "eyeOff", run: () => void hidden.add("hide", tag) },
    { label: `Blur pictures tagged "${tag}"`, icon: "eye", run: () => void hidden.add("blur", tag) },
  ];
}
