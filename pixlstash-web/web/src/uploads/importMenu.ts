/** The ways in which pictures come to the library. */
import { dialogs } from "../dialogs/dialogs.svelte";
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
  if (library.owner)
    items.push("line", {
      label: "Index a server folder…",
      icon: "folder",
      note: "Its files stay in place and are never written to",
      run: () => dialogs.open("folder", null),
    });
  return items;
}
