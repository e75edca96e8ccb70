/** What else can be done with a snapshot. */
import { address } from "../api/client";
import type { Snapshot } from "../api/snapshots";
import { library } from "../state/library.svelte";
import type { Item } from "../ui/menu.svelte";
import { shelf } from "./shelf.svelte";

export interface Acts {
  rename(one: Snapshot): void;
  remove(one: Snapshot): void;
}

export function pointMenu(one: Snapshot, acts: Acts): Item[] {
  const save: Item = { label: "Save as a SQLite file", icon: "download", run: () => download(one) };
  if (library.readonly) return [save];
  return [
    { label: one.label ? "Change the label…" : "Label…", icon: "pencil", keys: "F2", run: () => acts.rename(one) },
    { label: "Verify: read it all back", icon: "tick", run: () => void shelf.verify(one) },
    save,
    "line",
    { label: "Delete…", icon: "scrapheap", keys: "Del", run: () => acts.remove(one) },
  ];
}

function download({ id }: Snapshot): void {
  const link = document.createElement("a");
  link.href = address(`/snapshots/${id}/export`);
  link.download = "";
  link.click();
}
