/** The part of a layout that is on the screen, and how it moves. */
import { type Box, GAP, type Layout } from "./layout";
import type { Landing } from "../state/table.svelte";
import { Scroll } from "./scroll";

/** Pixels a millisecond beyond which nobody sees more than colours. */
const FLING = 12;
/** Milliseconds without a move, and how many moves' time on a slow machine, until the reader has arrived. */
const REST = 90;
const REST_MOVES = 3;
/** Part of a screen kept ready above and below. */
const SPARE = 0.6;

export class Viewport {
  /** Rows to draw. */
  first = $state(0);
  last = $state(-1);
  /** What to take from a height of the content for its height in the scroll box, and the box's own height. */
  shift = $state(0);
  box = $state(0);
  /** The content's height at the top edge of the screen, and the furthest it can be. */
  y = $state(0);
  end = $state(0);
  /** Too fast to see pictures. */
  fast = $state(false);

  element: HTMLElement | null = null;
  readonly #scroll = new Scroll();
  #layout: Layout | null = null;
  #height = 0;
  /** When it moved last, 0 at rest. */
  #moved = 0;
  #resting: ReturnType<typeof setTimeout> | undefined;

  /** `moved` hears what is at the top as it moves; `arrived` when it rests. */
  constructor(
    private readonly moved: (top: Landing) => void,
    private readonly arrived: () => void,
  ) {}

  get moving(): boolean {
    return this.#moved > 0;
  }

  /** Lay `layout` under a screen of this height, with `top` at its top edge and `room` below the last row. */
  lay(layout: Layout, height: number, room: number, top: Landing): void {
    this.#layout = layout;
    this.#height = height;
    const row = layout.rowOf(top.index);
    this.#scroll.resize(layout.height + room, height);
    this.#scroll.to(layout.topOf(row) - GAP + Math.min(top.offset, layout.heightOf(row) + GAP));
    this.box = this.#scroll.box;
    this.#look();
  }

  /** The scroll box was moved, by whatever means. */
  follow = (): void => {
    const scroll = this.#scroll;
    const before = scroll.y;
    if (this.element) scroll.follow(this.element.scrollTop);
    if (scroll.y === before) return;
    const now = performance.now();
    const since = Math.min(120, Math.max(8, now - this.#moved));
    this.#moved = now;
    this.fast = Math.abs(scroll.y - before) / since > FLING;
    this.#tell();
    this.#look();
    this.rest(Math.max(REST, REST_MOVES * since));
  };

  /** Give the browser's scroll box the position that belongs to ours. */
  settle = (): void => {
    const { element } = this;
    const { top } = this.#scroll;
    if (element && Math.abs(element.scrollTop - top) >= 1) element.scrollTop = top;
  };

  /** Wait for the reader to arrive. */
  rest(after = REST): void {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      this.fast = false;
      if (this.#scroll.settle()) {
        this.#look();
        this.settle();
      }
      this.#moved = 0;
      this.arrived();
    }, after);
  }

  /** Go to where the content starts at `y`; `settle` once the page knows. */
  go(y: number): void {
    this.#scroll.to(y);
    this.fast = false;
    this.#tell();
    this.#look();
    this.rest();
  }

  /** Where to go so that a tile is on the screen, `middle` where it is off it altogether; null where it is. */
  toReveal(box: Box, middle: boolean): number | null {
    const { y } = this.#scroll;
    const height = this.#height;
    const below = box.top + box.height + GAP - height;
    if (middle && !this.shows(box)) return box.top - (height - box.height) / 2;
    if (box.top - GAP < y) return box.top - GAP;
    return below > y ? below : null;
  }

  /** Whether some of a tile is on the screen. */
  shows(box: Box): boolean {
    return box.top + box.height > this.#scroll.y && box.top < this.#scroll.y + this.#height;
  }

  stop(): void {
    clearTimeout(this.#resting);
  }

  #tell(): void {
    const layout = this.#layout;
    if (!layout) return;
    const { y } = this.#scroll;
    const row = layout.rowAt(y + GAP); // what is above the first picture on the screen is only a gutter
    this.moved({ index: layout.startOf(row), offset: y - layout.topOf(row) + GAP });
  }

  /** Take over the scroll state into what is drawn. Setting a state to what it is costs nothing. */
  #look(): void {
    const layout = this.#layout;
    if (!layout) return;
    const { y, end, shift } = this.#scroll;
    const spare = end ? this.#height * SPARE : 0;
    this.first = layout.rowAt(y - spare);
    this.last = layout.rowAt(y + this.#height + spare);
    this.shift = shift;
    this.y = y;
    this.end = end;
  }
}
