import { type Selected, one } from "../state/actions";
import { table } from "../state/table.svelte";

/** What a change is about: the chosen pictures, else the one that is meant. */
export function chosen(target: number): Selected | null {
  const { view, selection } = table;
  if (!view) return null;
  if (selection.size) return { view, ranges: selection.ranges(), lost: selection.lost() };
  return target >= 0 && target < view.count ? one(view, target) : null;
}
