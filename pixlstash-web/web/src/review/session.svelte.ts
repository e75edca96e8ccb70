/** Where a review stands, what was decided in it, and how fast. */
import type { ViewHandle } from "../grid/view";

/** Steps forward until a pace is worth naming. */
const PACE = 5;

interface Decision {
  id: number;
  index: number;
  kind: "score" | "file";
}

export class ReviewSession {
  /** Index of the first picture shown, and which of those shown is meant. */
  first = $state(0);
  active = $state(0);
  panes = $state(1);
  /** Go on by itself once something was decided. */
  advances = $state(true);
  #decisions = $state.raw<readonly Decision[]>([]);
  #started = 0;
  #steps = 0;
  /** Seconds a picture. */
  #pace = $state(0);

  constructor(readonly source: ViewHandle) {}

  readonly index: number = $derived(this.first + this.active);
  readonly shown: number = $derived.by(() => Math.max(0, Math.min(this.panes, this.source.count - this.first)));

  /** Pictures decided about, each by what was last done with it. */
  readonly tally: { scored: number; filed: number } = $derived.by(() => {
    const last = new Map(this.#decisions.map(({ id, kind }) => [id, kind]));
    const kinds = [...last.values()];
    const scored = kinds.filter((kind) => kind === "score").length;
    return { scored, filed: kinds.length - scored };
  });

  /** Seconds left at this pace, null while it is not known. */
  readonly left: number | null = $derived.by(() => (this.#pace ? this.#pace * (this.source.count - this.index) : null));

  /** Begin at `index` with so many side by side. */
  begin(index: number, panes: number): void {
    this.panes = Math.min(4, Math.max(1, panes));
    this.first = Math.max(0, Math.min(index, this.source.count - this.panes));
    this.active = Math.max(0, index - this.first);
    this.#started = performance.now();
  }

  /** Stand at `index`; false where that is outside. Groups that were shown together stay together. */
  go(index: number): boolean {
    if (index < 0 || index >= this.source.count) return false;
    if (index > this.index) this.#step(index - this.index);
    if (index < this.first || index >= this.first + this.panes) {
      const groups = Math.floor((index - this.first) / this.panes);
      this.first = Math.max(0, this.first + groups * this.panes);
    }
    this.active = index - this.first;
    return true;
  }

  /** The next pictures, or those before; false at the end. */
  turn(direction: 1 | -1): boolean {
    const to = this.first + direction * this.panes;
    if (direction < 0 && this.first > 0) return this.go(Math.max(0, to));
    return this.go(to);
  }

  /** So many side by side, among them the one that is meant. */
  show(panes: number): void {
    const { index } = this;
    this.panes = Math.min(4, Math.max(1, panes));
    this.first = Math.max(0, Math.min(index, this.source.count - this.panes));
    this.active = index - this.first;
  }

  decided(id: number, kind: Decision["kind"]): void {
    this.#decisions = [...this.#decisions, { id, index: this.index, kind }];
  }

  /** The last decision is taken back: which one that was. */
  undecide(): Decision | undefined {
    const last = this.#decisions.at(-1);
    this.#decisions = this.#decisions.slice(0, -1);
    return last;
  }

  #step(by: number): void {
    this.#steps += by;
    if (this.#steps >= PACE) this.#pace = (performance.now() - this.#started) / 1000 / this.#steps;
  }
}
