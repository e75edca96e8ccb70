/** The ways in which pictures come to the library. */
import type { SourceKind } from "../api/schema";
import { dialogs } from "../dialogs/dialogs.svelte";
import { sources } from "../folders/sources.svelte";
import { library } from "../state/library.svelte";
import type { Item } from "../ui/menu.svelte";

export function importMenu(choose: (what: "files" | "folder") => void): Item[] {
  const items: Item[] = [
    { label: "Upload files…", icon: "upload", note: "From this computer", run: () => choose("files") },
    {
      label: "Upload a folder…",
      icon: "folderAdd",
      note: "From this computer, with everything in it",
      run: () => choose("folder"),
    },
  ];
  if (!library.owner) return items;
  items.push("line", {
    label: "Index a server folder…",
    icon: "folder",
    note: "Its files stay in place and are never written to",
    run: () => dialogs.open("folder", null),
  });
  if (sources.kinds?.stores.length)
    items.push({
      label: "Add a store…",
      icon: "folder",
      note: `${named(sources.kinds.stores)}; its files stay in place`,
      run: () => dialogs.open("folders", "store"),
    });
  if (sources.kinds?.importers.length)
    items.push({
      label: "Import from…",
      icon: "download",
      note: named(sources.kinds.importers),
      run: () => dialogs.open("folders", "import"),
    });
  return items;
}

/** The names of the first ones. */
function named(kinds: readonly SourceKind[]): string {
  const labels = kinds.map(({ label }) => label);
  return labels.length > 3 ? `${labels.slice(0, 3).join(", ")} and others` : labels.join(", ");
}

/** Ask what plugins offer before the menu is shown for the first time. */
export async function offersRead(): Promise<void> {
  if (library.owner) await sources.read();
}
