/** A view as the page shows it: the server's frozen answer without the pictures that left it since. */
import type { Row, Section } from "../api/schema";
import { BLOCK, BLURRED, Frozen, BLUR } from "./frozen";
import { type Shape, ratio } from "./layout";
import type { Range } from "./selection";

export { BLURRED, MISSING, MOVING, NO_THUMBNAIL, SCORE, STACKED, BLUR } from "./frozen";

/** A view as other parts of the page use it. Every index counts only pictures that are still in it. */
export interface ViewHandle {
  readonly key: string;
  readonly count: number;
  /** Version of all thumbnails, the `v` of their addresses. */
  readonly thumbnails: string;
  /** Undefined until the block of index `i` is there: see `ensure`. */
  idAt(i: number): number | undefined;
  /** Width divided by height, upright. Known for the whole view from the start. */
  ratioAt(i: number): number;
  /** `SCORE` and its neighbours, `BLUR` among them. */
  flagsAt(i: number): number | undefined;
  /** A CSS colour to show before the picture. */
  colourAt(i: number): string | undefined;
  /** Load the block of index `i`. @throws ApiError */
  ensure(i: number): Promise<void>;
  /** Index of picture `id` among the blocks that are here, or -1. */
  indexOf(id: number): number;
}

/** Never changed: what leaves or comes back makes another view over the same answer. */
export class View implements ViewHandle, Shape {
  readonly count: number;

  /**
   * @param rows places in the answer by index, or null where nothing has left
   * @param gone one byte a place, 1 where a picture has left
   * @param watch called by every read of what changes as blocks and scores come, so that readers notice
   */
  private constructor(
    readonly frozen: Frozen,
    readonly rows: Uint32Array | null,
    private readonly gone: Uint8Array | null,
    private readonly watch: () => void,
  ) {
    this.count = rows ? rows.length : frozen.count;
  }

  static of(frozen: Frozen, watch: () => void = () => {}): View {
    return new View(frozen, null, null, watch);
  }

  get key(): string {
    return this.frozen.header.view;
  }

  get thumbnails(): string {
    return this.frozen.header.thumbnails;
  }

  get aspects(): Uint8Array {
    return this.frozen.aspects;
  }

  idAt(i: number): number | undefined {
    this.watch();
    const place = this.place(i);
    return this.frozen.block(place)?.ids[place % BLOCK];
  }

  ratioAt(i: number): number {
    return ratio(this.aspects[this.place(i)] ?? 128);
  }

  flagsAt(i: number): number | undefined {
    this.watch();
    const place = this.place(i);
    const block = this.frozen.block(place);
    const flags = block?.flags[place % BLOCK];
    return flags === undefined || !block ? undefined : flags | ((block.marks[place % BLOCK] ?? 0) & BLURRED ? BLUR : 0);
  }

  colourAt(i: number): string | undefined {
    this.watch();
    const place = this.place(i);
    const colour = this.frozen.block(place)?.colours[place % BLOCK];
    return colour === undefined ? undefined : css(colour);
  }

  detailsAt(i: number): Row | undefined {
    this.watch();
    return this.frozen.details(this.place(i));
  }

  ensure(i: number): Promise<void> {
    return this.frozen.load(this.place(i));
  }

  indexOf(id: number): number {
    this.watch();
    const place = this.frozen.placeOf(id);
    return place < 0 ? -1 : this.find(place);
  }

  /** The place of index `i` in the answer, -1 outside. */
  place(i: number): number {
    if (i < 0 || i >= this.count) return -1;
    return this.rows ? (this.rows[i] as number) : i;
  }

  /** Index of a place, -1 where the picture has left. */
  find(place: number): number {
    const i = this.after(place);
    return this.place(i) === place ? i : -1;
  }

  /** Index of the first picture that is still there at or after a place; `count` after the last. */
  after(place: number): number {
    if (!this.rows) return Math.min(place, this.count);
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.rows[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Ranges of indices as ranges of places, for the server. */
  places(ranges: readonly Range[]): Range[] {
    if (!this.rows) return ranges.map(([from, to]) => [from, to]);
    const places: [number, number][] = [];
    for (const [from, to] of ranges)
      for (let i = from; i < to; i++) {
        const place = this.place(i);
        const last = places.at(-1);
        if (last && last[1] === place) last[1] += 1;
        else places.push([place, place + 1]);
      }
    return places;
  }

  /** The view without these places, or with them again. */
  with(places: readonly Range[], present: boolean): View {
    const gone = this.gone?.slice() ?? new Uint8Array(this.frozen.count);
    for (const [from, to] of places) gone.fill(present ? 0 : 1, from, to);
    let left = 0;
    for (const byte of gone) left += byte;
    if (left === 0) return View.of(this.frozen, this.watch);
    const rows = new Uint32Array(this.frozen.count - left);
    let i = 0;
    for (let place = 0; place < gone.length; place++) if (!gone[place]) rows[i++] = place;
    return new View(this.frozen, rows, gone, this.watch);
  }

  /** Headings of the order by index; empty ones are left out. */
  sections(): Section[] {
    const all = this.frozen.header.sections.map(({ label, start }) => ({ label, start: this.after(start) }));
    return all.filter(({ start }, n) => start < (all[n + 1]?.start ?? this.count));
  }
}

/** RGB565 as CSS. */
function css(colour: number): string {
  const red = Math.round(((colour >> 11) * 255) / 31);
  const green = Math.round((((colour >> 5) & 63) * 255) / 63);
  const blue = Math.round(((colour & 31) * 255) / 31);
  return `rgb(${red} ${green} ${blue})`;
}
