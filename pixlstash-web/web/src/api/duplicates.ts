/** Pictures that look the same, field by field as the server names it. */

/** Which one of a group is kept. */
export type KeepRule = "larger" | "score" | "older" | "set";

/** `GET /duplicates`. Ids; the first of each group is the one the rule keeps. */
export interface Duplicates {
  total: number;
  pictures: number;
  groups: number[][];
}

/** `POST /duplicates/preview`. */
export interface DuplicatePreview {
  kept: number;
  thrown: number;
  bytes: number;
  sentence: string;
}
