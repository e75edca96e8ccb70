/** Where every picture of a view lies: exact for the whole view, in one pass over one byte a picture. */

export type Mode = "justified" | "square";

/** Pixels between tiles, and between the tiles and the edge of the table. */
export const GAP = 4;

/** Beyond these a tile shows a part of its picture: a hair or a ribbon could be neither seen nor hit. */
const NARROWEST = 0.4;
const WIDEST = 4;

/** Width / height of aspect byte q, true to 0.73 %. */
export function ratio(q: number): number {
  return 2 ** ((q - 128) / 48);
}

const SHOWN = Float64Array.from({ length: 256 }, (_, q) => Math.min(WIDEST, Math.max(NARROWEST, ratio(q))));

/** A tile in pixels of the content. */
export interface Box {
  index: number;
  row: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What to lay out: `rows[i]` is the place of picture i in `aspects`, or null where every picture is shown. */
export interface Shape {
  readonly count: number;
  readonly aspects: Uint8Array;
  readonly rows: Uint32Array | null;
}

export interface Table {
  mode: Mode;
  /** Width to fill, without the edges. */
  width: number;
  /** Height of justified rows, or the smallest side of square tiles, in pixels. */
  size: number;
}

export class Layout {
  /** Number of rows. */
  readonly rows: number;
  /** Height of the content in pixels, edges included. */
  readonly height: number;

  /** @param starts first index of every row, and the count. @param tops of every row, and the height of all. */
  private constructor(
    private readonly shape: Shape,
    private readonly table: Table,
    private readonly starts: Uint32Array,
    private readonly tops: Float64Array,
  ) {
    this.rows = starts.length - 1;
    this.height = tops[this.rows] ?? 0;
  }

  static of(shape: Shape, table: Table): Layout {
    return table.mode === "square" ? Layout.#squares(shape, table) : Layout.#justify(shape, table);
  }

  static #squares(shape: Shape, table: Table): Layout {
    const columns = columnsOf(table);
    const rows = Math.ceil(shape.count / columns);
    const pitch = sideOf(table) + GAP;
    const starts = Uint32Array.from({ length: rows + 1 }, (_, row) => Math.min(shape.count, row * columns));
    const tops = Float64Array.from({ length: rows + 1 }, (_, row) => GAP + row * pitch);
    return new Layout(shape, table, starts, tops);
  }

  static #justify(shape: Shape, table: Table): Layout {
    const { count, aspects, rows: places } = shape;
    const { width, size } = table;
    // Grown as needed: a row holds several pictures except on very narrow tables.
    let starts = new Uint32Array(Math.ceil(count / 2) + 2);
    let tops = new Float64Array(starts.length);
    let row = 0;
    let top = GAP;
    let first = 0;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const r = SHOWN[aspects[places ? (places[i] as number) : i] as number] as number;
      const before = sum;
      sum += r;
      const n = i - first + 1;
      if (sum * size + (n - 1) * GAP < width) continue;
      // The row is full with this picture (too low) or was without it (too high): take what is nearer to the wish.
      const low = (width - (n - 1) * GAP) / sum;
      const high = (width - (n - 2) * GAP) / before;
      const without = n > 1 && high / size < size / low;
      if (row + 2 >= starts.length) {
        starts = grow(starts, Uint32Array);
        tops = grow(tops, Float64Array);
      }
      starts[row] = first;
      tops[row] = top;
      top += Math.max(1, Math.round(without ? high : low)) + GAP;
      row += 1;
      first = without ? i : i + 1;
      sum = without ? r : 0;
      // The picture left over may fill a row alone.
      if (without && r * size >= width) {
        starts[row] = i;
        tops[row] = top;
        top += Math.max(1, Math.round(width / r)) + GAP;
        row += 1;
        first = i + 1;
        sum = 0;
      }
    }
    if (first < count) {
      starts[row] = first;
      tops[row] = top;
      top += size + GAP; // the last row is not stretched
      row += 1;
    }
    starts[row] = count;
    tops[row] = top;
    return new Layout(shape, table, starts.subarray(0, row + 1), tops.subarray(0, row + 1));
  }

  startOf(row: number): number {
    return this.starts[row] ?? 0;
  }

  topOf(row: number): number {
    return this.tops[row] ?? 0;
  }

  heightOf(row: number): number {
    return this.topOf(row + 1) - this.topOf(row) - GAP;
  }

  /** The row of picture `index`. */
  rowOf(index: number): number {
    return Math.max(0, before(this.starts, index, this.rows));
  }

  /** The row at height `y` of the content, within the rows there are. */
  rowAt(y: number): number {
    return Math.max(0, before(this.tops, y, this.rows));
  }

  /** The tiles of a row, left to right. Edges fall on whole pixels and each row ends exactly at the table's width. */
  row(row: number): Box[] {
    const from = this.startOf(row);
    const to = this.starts[row + 1] ?? from;
    const top = this.topOf(row);
    const height = this.heightOf(row);
    const boxes: Box[] = [];
    if (this.table.mode === "square") {
      const pitch = (this.table.width + GAP) / columnsOf(this.table);
      for (let index = from; index < to; index++) {
        const left = Math.round((index - from) * pitch);
        const width = Math.round((index - from + 1) * pitch) - GAP - left;
        boxes.push({ index, row, left: GAP + left, top, width, height });
      }
      return boxes;
    }
    let sum = 0;
    for (let index = from; index < to; index++) sum += this.#ratio(index);
    const room = this.table.width - (to - from - 1) * GAP;
    const last = row === this.rows - 1 && sum * this.table.size < room;
    const scale = last ? this.table.size : room / sum;
    let x = 0;
    for (let index = from; index < to; index++) {
      const left = Math.round(x);
      x += this.#ratio(index) * scale;
      boxes.push({ index, row, left: GAP + left, top, width: Math.max(1, Math.round(x) - left), height });
      x += GAP;
    }
    return boxes;
  }

  box(index: number): Box | undefined {
    const row = this.rowOf(index);
    return this.row(row)[index - this.startOf(row)];
  }

  /** The picture of `row` whose middle is nearest to `x`. */
  nearest(row: number, x: number): number {
    let best = this.startOf(row);
    let distance = Infinity;
    for (const box of this.row(row)) {
      const off = Math.abs(box.left + box.width / 2 - x);
      if (off < distance) [best, distance] = [box.index, off];
    }
    return best;
  }

  #ratio(index: number): number {
    const { aspects, rows } = this.shape;
    return SHOWN[aspects[rows ? (rows[index] as number) : index] as number] as number;
  }
}

function columnsOf({ width, size }: Table): number {
  return Math.max(1, Math.floor((width + GAP) / (size + GAP)));
}

function sideOf(table: Table): number {
  const columns = columnsOf(table);
  return Math.max(1, Math.round((table.width - (columns - 1) * GAP) / columns));
}

/** The last of the first `n` places of rising `values` that is not above `x`, or -1. */
function before(values: Uint32Array | Float64Array, x: number, n: number): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function grow<T extends Uint32Array | Float64Array>(values: T, Kind: new (length: number) => T): T {
  const larger = new Kind(values.length * 2);
  larger.set(values);
  return larger;
}
