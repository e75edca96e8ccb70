/** What the tiles on the screen show. A tile keeps its object while nothing of it changes, and is then left alone. */
import type { Row } from "../api/types";
import type { Box } from "./layout";
import type { Selection } from "./selection";
import type { View } from "./view";

export interface Shown {
  /** The picture's id, or a negative number while that is not known. */
  key: number;
  box: Box;
  id: number | undefined;
  /** Whether its thumbnail may be asked for. */
  load: boolean;
  colour: string | undefined;
  flags: number;
  row: Row | undefined;
  chosen: boolean;
  cursor: boolean;
}

export class Drawn {
  #tiles = new Map<number, Shown>();

  /** The tiles of `rows`. While `fast`, only thumbnails that were asked for before stay. */
  of(view: View, rows: readonly (readonly Box[])[], fast: boolean, selection: Selection, cursor: number): Shown[] {
    const tiles = new Map<number, Shown>();
    for (const box of rows.flat()) {
      const { index } = box;
      const id = view.idAt(index);
      const key = id ?? -1 - index;
      const old = this.#tiles.get(key);
      const now: Shown = {
        key,
        box: old && same(old.box, box) ? old.box : box,
        id,
        load: id !== undefined && (!fast || old?.load === true),
        colour: view.colourAt(index),
        flags: view.flagsAt(index) ?? 0,
        row: view.detailsAt(index),
        chosen: selection.has(index),
        cursor: cursor === index,
      };
      tiles.set(key, old && same(old, now) ? old : now);
    }
    this.#tiles = tiles;
    return [...tiles.values()];
  }
}

function same<T extends object>(a: T, b: T): boolean {
  for (const name in a) if (a[name] !== b[name]) return false;
  return true;
}
