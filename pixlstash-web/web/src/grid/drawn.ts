/** What the tiles on the screen show. A tile keeps its object while nothing of it changes, and is then left alone. */
import type { Row } from "../api/schema";
import type { Box, Layout } from "./layout";
import type { Selection } from "./selection";
import type { View } from "./view";

export interface Shown {
  /** Stays with a picture while it is drawn, from before its id is known: its element may have the focus. */
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

/** The tiles of the rows near the screen; a row that stays keeps its boxes. */
export class Rows {
  #layout: Layout | null = null;
  #rows = new Map<number, readonly Box[]>();

  of(layout: Layout, first: number, last: number): (readonly Box[])[] {
    const before = layout === this.#layout ? this.#rows : new Map<number, readonly Box[]>();
    this.#layout = layout;
    this.#rows = new Map();
    for (let row = first; row <= Math.min(last, layout.rows - 1); row++)
      this.#rows.set(row, before.get(row) ?? layout.row(row));
    return [...this.#rows.values()];
  }
}

export class Drawn {
  #byId = new Map<number, Shown>();
  /** Those whose id was not known. */
  #byIndex = new Map<number, Shown>();
  #keys = 0;

  /** The tiles of `rows`. While `fast`, only thumbnails that were asked for before stay. */
  of(view: View, rows: readonly (readonly Box[])[], fast: boolean, selection: Selection, cursor: number): Shown[] {
    const byId = new Map<number, Shown>();
    const byIndex = new Map<number, Shown>();
    const tiles: Shown[] = [];
    for (const box of rows.flat()) {
      const { index } = box;
      const id = view.idAt(index);
      const old = (id === undefined ? undefined : this.#byId.get(id)) ?? this.#byIndex.get(index);
      const now: Shown = {
        key: old?.key ?? ++this.#keys,
        box: old && same(old.box, box) ? old.box : box,
        id,
        load: id !== undefined && (!fast || old?.load === true),
        colour: view.colourAt(index),
        flags: view.flagsAt(index) ?? 0,
        row: view.detailsAt(index),
        chosen: selection.has(index),
        cursor: cursor === index,
      };
      const tile = old && same(old, now) ? old : now;
      if (id === undefined) byIndex.set(index, tile);
      else byId.set(id, tile);
      tiles.push(tile);
    }
    this.#byId = byId;
    this.#byIndex = byIndex;
    return tiles;
  }
}

function same<T extends object>(a: T, b: T): boolean {
  for (const name in a) if (a[name] !== b[name]) return false;
  return true;
}
