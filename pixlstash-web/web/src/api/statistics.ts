/** `GET /pictures/statistics`, field by field as the server names it. */

/** `query` finds the bar's pictures when it is added to the view's; `good`: how many have four stars or more. */
export interface Bar {
  label: string;
  query: string | null;
  count: number;
  good: number | null;
}

/** Bars that belong together. `fills`: what would fill it, when nothing does yet. */
export interface Panel {
  name: string;
  label: string;
  bars: Bar[];
  fills: string | null;
}

/** Two tags that are on the same pictures. */
export interface TagPair {
  one: string;
  other: string;
  count: number;
}

/** `tagged`: how many of the `total` have a tag. */
export interface Statistics {
  total: number;
  tagged: number;
  panels: Panel[];
  pairs: TagPair[];
}
