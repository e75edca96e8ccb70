/** One answer of the server to a query: its order never changes. Places are indices in it. */
import { call } from "../api/client";
import type { Row, ViewHeader } from "../api/schema";
import { hiding } from "../state/hiding.svelte";
import type { Range } from "./selection";

/** Rows of a block, and of a block of details. */
export const BLOCK = 2048;
export const DETAIL = 256;

/** Mask of the score, 0 to 5. */
export const SCORE = 7;
export const MOVING = 8;
export const STACKED = 16;
/** There is no still: the picture cannot be drawn, the details say why. */
export const NO_THUMBNAIL = 32;
/** A mark: what the owner does not want to lie open. */
export const BLURRED = 1;
/** The same among the flags of a view, which the server's own eight leave room for. */
export const BLUR = 256;
/** The file itself is at none of its locations. */
export const MISSING = 64;

export interface Block {
  ids: Uint32Array;
  /** RGB565 */
  colours: Uint16Array;
  flags: Uint8Array;
  /** `BLURRED`; all 0 unless the view was asked for with `veil`. */
  marks: Uint8Array;
}

/** A score given here, painted before the server knows. */
export interface Patch {
  readonly ranges: readonly Range[];
  readonly score: number;
  /** Flags of blocks as they were. */
  readonly before: Map<number, Uint8Array>;
}

export class Frozen {
  readonly #blocks = new Map<number, Block>();
  readonly #loading = new Map<number, Promise<void>>();
  readonly #details = new Map<number, Row[]>();
  readonly #asked = new Set<number>();
  readonly #stale = new Set<number>();
  #patches: Patch[] = [];
  /** Rises with every change made here: an answer asked for before it may not know it. */
  #changes = 0;
  /** Changes painted here that the server has not answered. */
  #unanswered = 0;
  /** Called when blocks, flags or details changed. */
  onchange: () => void = () => {};

  constructor(
    readonly header: ViewHeader,
    readonly aspects: Uint8Array,
    first: Block | null,
  ) {
    if (first) this.#blocks.set(header.at_block, first);
  }

  /** Read `u32 length | JSON header | aspects | padding | block`. @throws RangeError, SyntaxError when cut short */
  static decode(data: ArrayBuffer): Frozen {
    const length = new DataView(data).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as ViewHeader;
    const aspects = new Uint8Array(data, 4 + length, header.count);
    const start = (4 + length + header.count + 3) & ~3;
    const rows = Math.min(BLOCK, header.count - header.at_block * BLOCK);
    return new Frozen(header, aspects, rows > 0 ? decodeBlock(data, start, rows) : null);
  }

  get count(): number {
    return this.header.count;
  }

  block(place: number): Block | undefined {
    return this.#blocks.get(Math.floor(place / BLOCK));
  }

  /** Load the block of `place`. @throws ApiError, 410 when the server forgot this answer */
  async load(place: number): Promise<void> {
    const b = Math.floor(place / BLOCK);
    if (place < 0 || place >= this.count || this.#blocks.has(b)) return;
    let loading = this.#loading.get(b);
    if (!loading) {
      loading = this.#load(b).finally(() => this.#loading.delete(b));
      this.#loading.set(b, loading);
    }
    await loading;
  }

  async #load(b: number): Promise<void> {
    const data = await call("block", { view: this.header.view, b });
    const block = decodeBlock(data, 0, Math.min(BLOCK, this.count - b * BLOCK));
    this.#blocks.set(b, block);
    for (const patch of this.#patches) paint(block, b, patch);
    this.onchange();
  }

  /** The place of picture `id` among the blocks that are here, or -1. */
  placeOf(id: number): number {
    for (const [b, block] of this.#blocks) {
      const at = block.ids.indexOf(id);
      if (at >= 0) return b * BLOCK + at;
    }
    return -1;
  }

  details(place: number): Row | undefined {
    return this.#details.get(Math.floor(place / DETAIL))?.[place % DETAIL];
  }

  /** Read the details around the places `from` to `to` that are not here or may be out of date. @throws ApiError */
  async read(from: number, to: number): Promise<void> {
    const asked: Promise<void>[] = [];
    for (let d = Math.floor(from / DETAIL); d * DETAIL <= Math.min(to, this.count - 1); d++) {
      if (this.#asked.has(d) || (this.#details.has(d) && (this.#unanswered || !this.#stale.has(d)))) continue;
      this.#asked.add(d);
      asked.push(this.#read(d).finally(() => this.#asked.delete(d)));
    }
    await Promise.all(asked);
  }

  async #read(d: number): Promise<void> {
    const changes = this.#changes;
    this.#stale.delete(d);
    const { rows } = await call("details", { view: this.header.view, b: d, veil: hiding.parameter ?? false }).catch(
      (error) => {
        this.#stale.add(d);
        throw error;
      },
    );
    this.#details.set(d, rows);
    if (changes !== this.#changes || this.#unanswered) this.#stale.add(d);
    else this.#believe(d, rows);
    this.onchange();
  }

  /** Take over the scores the server has now. */
  #believe(d: number, rows: readonly Row[]): void {
    const block = this.block(d * DETAIL);
    if (!block) return;
    const start = (d * DETAIL) % BLOCK;
    rows.forEach((row, i) => {
      block.flags[start + i] = ((block.flags[start + i] ?? 0) & ~SCORE) | row.score;
    });
  }

  /** Details may be out of date: those of these pictures, or all. */
  doubt(ids?: readonly number[]): void {
    if (!ids) for (const d of this.#details.keys()) this.#stale.add(d);
    else
      for (const id of ids) {
        const place = this.placeOf(id);
        if (place >= 0) this.#stale.add(Math.floor(place / DETAIL));
      }
    this.onchange();
  }

  /** Something is about to be painted that the server does not know yet; call the result once it has answered. */
  unsure(): () => void {
    this.#unanswered += 1;
    return () => {
      this.#unanswered -= 1;
      this.#changes += 1;
      this.onchange();
    };
  }

  /** Paint a score over the places of `ranges`, at once. */
  patch(ranges: readonly Range[], score: number): Patch {
    const patch: Patch = { ranges, score, before: new Map() };
    this.repaint(patch);
    return patch;
  }

  /** Paint a patch again that was taken back. */
  repaint(patch: Patch): void {
    this.#changes += 1;
    this.#patches.push(patch);
    patch.before.clear();
    for (const [b, block] of this.#blocks) {
      if (!touches(b, patch.ranges)) continue;
      patch.before.set(b, block.flags.slice());
      paint(block, b, patch);
    }
    this.onchange();
  }

  /** Take a patch back where nothing newer was painted over it. */
  revert(patch: Patch): void {
    this.#changes += 1;
    this.#patches = this.#patches.filter((one) => one !== patch);
    for (const [b, block] of this.#blocks) {
      const before = patch.before.get(b);
      // Loaded after the change: only the server knows what was there.
      if (!before) continue;
      within(b, patch.ranges, (i) => {
        const now = block.flags[i] as number;
        if ((now & SCORE) === patch.score) block.flags[i] = (now & ~SCORE) | ((before[i] as number) & SCORE);
      });
    }
    this.doubt();
  }
}

function decodeBlock(data: ArrayBuffer, start: number, rows: number): Block {
  return {
    ids: new Uint32Array(data, start, rows),
    colours: new Uint16Array(data, start + 4 * rows, rows),
    flags: new Uint8Array(data, start + 6 * rows, rows),
    marks: new Uint8Array(data, start + 7 * rows, rows),
  };
}

function touches(b: number, ranges: readonly Range[]): boolean {
  return ranges.some(([from, to]) => from < (b + 1) * BLOCK && to > b * BLOCK);
}

/** Every row of block `b` within `ranges`. */
function within(b: number, ranges: readonly Range[], visit: (i: number) => void): void {
  const start = b * BLOCK;
  for (const [from, to] of ranges)
    for (let i = Math.max(from - start, 0); i < Math.min(to - start, BLOCK); i++) visit(i);
}

function paint(block: Block, b: number, patch: Patch): void {
  within(b, patch.ranges, (i) => {
    if (i < block.flags.length) block.flags[i] = ((block.flags[i] as number) & ~SCORE) | patch.score;
  });
}
