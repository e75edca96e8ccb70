import type { ViewHandle } from "../grid/view";

/** Half-open ranges of indices of a view. */
export type Ranges = readonly (readonly [number, number])[];

/** Pictures to act on. */
export interface Selected {
  view: ViewHandle;
  ranges: Ranges;
}

/** The one picture at index `i`. */
export function one(view: ViewHandle, i: number): Selected {
  return { view, ranges: [[i, i + 1]] };
}

export function score(_selected: Selected, _n: number): void {}
export function remove(_selected: Selected): void {}
export function restore(_selected: Selected): void {}
export function undo(): void {}
export function redo(): void {}
