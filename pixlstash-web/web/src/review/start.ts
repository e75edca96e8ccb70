/** Begin a review of what is chosen, or of the view from where the reader is. */
import { idsOf } from "../state/actions";
import { route } from "../state/route.svelte";
import { table } from "../state/table.svelte";
import { count } from "../ui/format";
import { narrow } from "../ui/screen";
import { toasts } from "../ui/toasts.svelte";
import { MOST, packed } from "./source";

const STORE = "pixlstash.panes";

export async function beginReview(): Promise<void> {
  const { view, selection } = table;
  if (!view?.count || route.review !== null) return;
  try {
    if (route.open === null && selection.size) {
      const { size } = selection;
      if (size > MOST && size < view.count)
        return void toasts.bad(`Choose ${count(MOST)} pictures at most, or none to review the whole view`);
      if (size <= MOST) {
        const ids = await idsOf({ view, ranges: selection.ranges(), lost: selection.lost() });
        if (ids[0] !== undefined) route.begin(ids[0], size <= 4 ? size : usualPanes(), packed(ids));
        return;
      }
    }
    await view.ensure(table.cursor);
    const id = route.open ?? view.idAt(table.cursor);
    if (id !== undefined) route.begin(id, usualPanes(), null);
  } catch {
    toasts.bad("The review could not begin: the server cannot be reached");
  }
}

export function usualPanes(): number {
  try {
    const kept = Number(localStorage.getItem(STORE));
    if (kept >= 1 && kept <= 4) return kept;
  } catch {
    // private windows may refuse
  }
  return narrow.current ? 1 : 2;
}

export function keepPanes(panes: number): void {
  try {
    localStorage.setItem(STORE, String(panes));
  } catch {
    // then it holds until the page is left
  }
}
