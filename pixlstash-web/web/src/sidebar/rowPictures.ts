/** All pictures of a row of the sidebar, to be acted on like a choice in the grid. */
import { ApiError, call } from "../api/client";
import { Frozen } from "../grid/frozen";
import type { About } from "../grid/pictureMenu";
import { View } from "../grid/view";
import type { Selected } from "../state/actions";
import { library } from "../state/library.svelte";
import { hiding } from "../state/hiding.svelte";
import { toasts } from "../ui/toasts.svelte";
import type { Part } from "./place";
import type { Row } from "./rows";

/** A row that stands for pictures of its own. */
export interface RowPictures {
  part: Part;
  name: string;
  /** Null while nobody has counted them. */
  pictures: number | null;
}

export function rowPicturesOf(row: Row): RowPictures | null {
  if (row.type === "entry")
    return { part: row.entry.part, name: row.entry.name, pictures: row.entry.group?.pictures ?? null };
  if (row.type === "branch") return { part: row.part, name: row.label, pictures: null };
  return row.type === "folder" ? { part: row.part, name: row.label, pictures: row.store.pictures } : null;
}

/** What lies beneath another in a stack belongs to an entry too, though no view of it shows that. */
const SPREAD = "(is:stacked OR -is:stacked)";

async function picturesOf({ part, name }: RowPictures): Promise<Selected | null> {
  try {
    const asked = { q: `${part} ${SPREAD}`, veil: hiding.parameter };
    const view = View.of(Frozen.decode(await call("view", asked)));
    if (view.count) return { view, ranges: [[0, view.count]] };
    toasts.add({ text: `There are no pictures in ${name}`, seconds: 4 });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toasts.bad(error.detail);
  }
  return null;
}

/** Acts on all pictures of a row; which they are is asked when it is done. */
export function about(whole: RowPictures): About {
  return (act) => {
    const run = reading(whole)(act);
    return () => {
      if (library.readonly) toasts.add({ text: "This library can only be looked at here", seconds: 4 });
      else run();
    };
  };
}

/** The same for what changes nothing. */
export function reading(whole: RowPictures): About {
  return (act) => async () => {
    const selected = await picturesOf(whole);
    if (selected) act(selected);
  };
}
