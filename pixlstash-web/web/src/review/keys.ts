/** What the keys do in a review. */

export type ReviewAction =
  | "leave"
  | "left"
  | "right"
  | "push"
  | "turn"
  | "first"
  | "last"
  | "score"
  | "file"
  | "undo"
  | "actual"
  | "zoom"
  | "link"
  | "panes"
  | "advance"
  | "play"
  | "pace"
  | "screen";

export interface ReviewKey {
  key: string;
  ctrl?: boolean;
  shift?: boolean;
  label: string;
  group: string;
  action: ReviewAction;
  /** For keys that do one thing in several strengths or directions. */
  value: number;
}

const DECIDE = "Decide";
const MOVE = "Move";
const LOOK = "Look";

function keys(group: string, label: string, action: ReviewAction, of: Record<string, number>): ReviewKey[] {
  return Object.entries(of).map(([name, value]) => {
    const parts = name.split("+");
    const key = name === "+" ? "+" : (parts.at(-1) as string);
    return { key, ctrl: parts.includes("Ctrl"), shift: parts.includes("Shift"), group, label, action, value };
  });
}

export const REVIEW_KEYS: readonly ReviewKey[] = [
  ...keys(DECIDE, "Score and go on", "score", { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 }),
  ...keys(DECIDE, "Clear the score", "score", { 0: 0 }),
  ...keys(DECIDE, "To the scrapheap and go on, or out of it", "file", { x: 0, Delete: 0 }),
  ...keys(DECIDE, "Undo, and go back to where it was", "undo", { "Ctrl+z": 0 }),
  ...keys(DECIDE, "Going on by itself, or not", "advance", { a: 0 }),
  ...keys(MOVE, "Previous or next picture", "left", { ArrowLeft: 0 }),
  ...keys(MOVE, "Previous or next picture", "right", { ArrowRight: 0 }),
  ...keys(MOVE, "The next ones, all left as they are", "turn", { " ": 1, PageDown: 1 }),
  ...keys(MOVE, "The ones before", "turn", { "Shift+ ": -1, PageUp: -1 }),
  ...keys(MOVE, "First or last picture", "first", { Home: 0 }),
  ...keys(MOVE, "First or last picture", "last", { End: 0 }),
  ...keys(LOOK, "More or fewer side by side", "panes", { n: 1, "Shift+n": -1 }),
  ...keys(LOOK, "1:1, or whole pictures", "actual", { z: 0 }),
  ...keys(LOOK, "Closer or further away", "zoom", { "+": 1, "-": -1 }),
  ...keys(LOOK, "Move what is zoomed", "push", {
    ArrowUp: 0,
    ArrowDown: 1,
    "Shift+ArrowLeft": 2,
    "Shift+ArrowRight": 3,
  }),
  ...keys(LOOK, "Zoom together, or each by itself", "link", { l: 0 }),
  ...keys(LOOK, "Slide show", "play", { p: 0 }),
  ...keys(LOOK, "Slower or faster", "pace", { ",": -1, ".": 1 }),
  ...keys(LOOK, "Fill the screen", "screen", { f: 0 }),
  ...keys(LOOK, "Back to the grid", "leave", { Escape: 0 }),
];

/** Directions of `push`: what to add to where the picture lies. */
export const PUSHES: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
];
