/** The order that people give a set's pictures: by dragging them where they belong, or by keys. */
import { chosen } from "../grid/chosen";
import type { View } from "../grid/view";
import { kindOf, placeOf, valueOf } from "../sidebar/place";
import { entryFor } from "../sidebar/rows";
import { gather, type Selected } from "../state/actions";
import { library } from "../state/library.svelte";
import { route } from "../state/route.svelte";
import { table } from "../state/table.svelte";
import { drag } from "../ui/drag.svelte";
import { counted } from "../ui/format";
import { toasts } from "../ui/toasts.svelte";
import { sizeOf } from "./arrange";

/** The set that is shown by itself, if one is; all sets below a name have no order of their own. */
export function setShown(): { id: number; name: string; locked: boolean } | null {
  const { parts } = placeOf(route.q);
  const [part] = parts;
  if (!part || parts.length > 1 || kindOf(part) !== "set" || valueOf(part).endsWith("/") || !library.sidebar)
    return null;
  const entry = entryFor(library.sidebar, part);
  const found = library.sidebar.sets.find(({ id }) => id === entry?.id);
  return found ?? null;
}

/** Whether what is shown is in the order of its set. */
function byHand(): boolean {
  return table.view?.frozen.header.sort === "hand" && setShown() !== null;
}

/** Lay pictures before the one at `index`; after all others where there is none. */
async function lay(selected: Selected, view: View, index: number): Promise<void> {
  const set = setShown();
  if (!set) return;
  const failed = `${counted(sizeOf(selected), "picture")} could not be moved`;
  try {
    if (index < view.count) await view.ensure(index);
  } catch {
    return toasts.bad(`${failed}: the server cannot be reached`);
  }
  await gather(selected, "arrange_set", { failed, args: { id: set.id, before: view.idAt(index) ?? null } });
  await table.renew();
}

/** The next index at or after `index` that is not among what moves: they are laid before that picture. */
function outside({ ranges }: Selected, index: number): number {
  const within = ranges.find(([from, to]) => index >= from && index < to);
  return within ? outside({ ranges } as Selected, within[1]) : index;
}

/**
 * Move the pictures that are chosen or meant by one place, or to an end; `focus` goes along. False where there is no
 * order by hand.
 */
export function shift(to: -1 | 1 | "first" | "last", target: number, focus: (index: number) => void): boolean {
  const { view } = table;
  if (!byHand()) return false;
  const selected = chosen(target);
  const first = selected?.ranges[0]?.[0];
  const last = selected?.ranges.at(-1)?.[1];
  if (library.readonly || !view || !selected || first === undefined || last === undefined) return true;
  const at = { first: 0, last: view.count, "-1": first - 1, "1": last + 1 }[to];
  if (at >= 0 && at <= view.count) void lay(selected, view, outside(selected, at)).then(() => focus(table.cursor));
  return true;
}

/** Where on the table a dragged picture would come to lie: a line between two. */
class Ordering {
  line = $state.raw<{ x: number; y: number; height: number } | null>(null);
  #index = -1;

  over = (event: DragEvent): void => {
    const { view } = table;
    const held = drag.held?.selected;
    const tile = event.target instanceof Element ? event.target.closest<HTMLElement>(".tile") : null;
    this.line = null;
    if (!held || held.view !== view || !tile || !byHand() || library.readonly) return;
    const box = tile.getBoundingClientRect();
    const main = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const after = event.clientX > box.left + box.width / 2;
    this.#index = Number(tile.dataset.index) + (after ? 1 : 0);
    this.line = { x: (after ? box.right + 2 : box.left - 2) - main.left, y: box.top - main.top, height: box.height };
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "move";
  };

  drop = (event: DragEvent): void => {
    const { view } = table;
    const held = drag.held?.selected;
    if (this.line && view && held) {
      event.preventDefault();
      event.stopPropagation();
      void lay(held, view, outside(held, this.#index));
    }
    this.end();
  };

  end = (): void => {
    this.line = null;
    drag.end();
  };
}

export const ordering = new Ordering();
