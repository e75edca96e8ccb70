/** Which dialog is open, and what it is about. At most one is open at a time. */
import type { Snapshot } from "../api/schema";
import type { Chosen } from "../exports/chosen";
import type { Entry } from "../sidebar/rows";
import type { Pick } from "../snapshots/picked.svelte";
import type { Selected } from "../state/actions";

/** Every dialog by its name, with what it is about. `Dialogs.svelte` has their components. */
export interface Subjects {
  appearance: Entry;
  captions: Selected;
  /** What was changed both here and in sidecars. */
  conflicts: null;
  dates: Selected;
  download: Chosen;
  export: Chosen;
  /** A folder of the server, to be indexed. */
  folder: null;
  /** The folders and stores; a form to add one of plugins. */
  folders: "store" | "import" | null;
  hide: null;
  history: null;
  keys: null;
  /** What to delete permanently; null for the whole scrapheap. */
  purge: Selected | null;
  /** What to restore, from which snapshot. */
  restore: { one: Snapshot; pick: Pick };
  /** Pictures or an entry of the sidebar; null for the links that exist. */
  share: { selected: Selected } | { entry: Entry } | null;
  /** Null where nothing was chosen. */
  stacks: Selected | null;
}
export type Name = keyof Subjects;

class Dialogs {
  current = $state.raw<{ name: Name; about: Subjects[Name] } | null>(null);

  open<N extends Name>(name: N, about: Subjects[N]): void {
    this.current = { name, about };
  }

  close = (): void => {
    this.current = null;
  };
}

export const dialogs = new Dialogs();
