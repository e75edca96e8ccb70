/** Which pictures of a view are chosen: one byte a picture, the same for every view, however large. */

export type Range = readonly [from: number, to: number];

export class Selection {
  /** Pictures chosen, those not found again yet included. */
  get size(): number {
    return this.#chosen + this.#lost.size;
  }

  /** Where a range selected with Shift starts. */
  anchor = 0;

  #bytes: Uint8Array;
  #chosen = 0;
  /** Chosen in an earlier answer for this view and not found in this one so far: blocks come when they are seen. */
  #lost = new Set<number>();
  /** The bytes as they were before the range that grows and shrinks while Shift is held. */
  #before: Uint8Array | null = null;

  constructor(count: number) {
    this.#bytes = new Uint8Array(count);
  }

  get count(): number {
    return this.#bytes.length;
  }

  has(i: number): boolean {
    return this.#bytes[i] === 1;
  }

  toggle(i: number): void {
    this.#set(i, this.has(i) ? 0 : 1);
    this.anchor = i;
    this.#before = null;
  }

  only(i: number): void {
    this.clear();
    this.#set(i, 1);
    this.anchor = i;
  }

  /** Choose from the anchor to `i`, in place of the last such range: it follows the cursor back as well. */
  reach(i: number): void {
    this.#before ??= this.#bytes.slice();
    this.#bytes.set(this.#before);
    const from = Math.min(this.anchor, i);
    this.#bytes.fill(1, from, Math.max(this.anchor, i) + 1);
    this.#count();
  }

  /** Whether a Shift range is under way; without one, a new range starts at the cursor. */
  get reaching(): boolean {
    return this.#before !== null;
  }

  all(): void {
    this.#bytes.fill(1);
    this.#lost.clear();
    this.#before = null;
    this.#count();
  }

  clear(): void {
    this.#bytes.fill(0);
    this.#lost.clear();
    this.#before = null;
    this.#chosen = 0;
  }

  /** The chosen pictures as few half-open ranges. */
  ranges(): Range[] {
    const ranges: Range[] = [];
    const bytes = this.#bytes;
    for (let i = bytes.indexOf(1); i >= 0;) {
      let end = bytes.indexOf(0, i);
      if (end < 0) end = bytes.length;
      ranges.push([i, end]);
      i = bytes.indexOf(1, end);
    }
    return ranges;
  }

  /** Ids that were chosen before and that no block has shown again yet. */
  lost(): readonly number[] {
    return [...this.#lost];
  }

  /** The same choice in another answer for the view: by id, as blocks arrive (`meet`). */
  static of(ids: Iterable<number>, count: number): Selection {
    const selection = new Selection(count);
    selection.#lost = new Set(ids);
    return selection;
  }

  /** Picture `id` is at `i`: chosen again if it was. */
  meet(id: number, i: number): boolean {
    if (!this.#lost.delete(id)) return false;
    this.#set(i, 1);
    return true;
  }

  get searching(): boolean {
    return this.#lost.size > 0;
  }

  /** The same choice where picture `i` is now at `place(i)`, or nowhere (-1), of `count`. */
  moved(count: number, place: (i: number) => number): Selection {
    const next = new Selection(count);
    next.#lost = this.#lost;
    for (let i = this.#bytes.indexOf(1); i >= 0; i = this.#bytes.indexOf(1, i + 1)) {
      const to = place(i);
      if (to >= 0) next.#set(to, 1);
    }
    next.anchor = Math.max(0, place(this.anchor));
    return next;
  }

  #set(i: number, value: 0 | 1): void {
    const old = this.#bytes[i];
    if (old === undefined || old === value) return;
    this.#bytes[i] = value;
    this.#chosen += value ? 1 : -1;
  }

  #count(): void {
    let n = 0;
    for (const byte of this.#bytes) n += byte;
    this.#chosen = n;
  }
}
