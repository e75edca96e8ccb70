/** What the keys do while a picture is open. The table stands alone so that the key sheet can show it at any time. */

export interface ViewerKey {
  key: string;
  shift?: boolean;
  label: string;
  group: string;
  action: ViewerAction;
  /** For keys that do one thing in several strengths. */
  value?: number;
}

export type ViewerAction =
  | "close"
  | "left"
  | "right"
  | "up"
  | "down"
  | "first"
  | "last"
  | "score"
  | "scoreAndMove"
  | "scrapheap"
  | "info"
  | "actual"
  | "zoomIn"
  | "zoomOut";

const MOVE = "One picture";
const LOOK = "Zoom";

function score(n: number, label: string): ViewerKey {
  return { key: String(n), label, group: "Score", action: "score", value: n };
}

export const VIEWER_KEYS: readonly ViewerKey[] = [
  { key: "ArrowRight", label: "Next picture, or move when zoomed", group: MOVE, action: "right" },
  { key: "ArrowLeft", label: "Previous picture, or move when zoomed", group: MOVE, action: "left" },
  { key: "ArrowUp", label: "Move up when zoomed", group: LOOK, action: "up" },
  { key: "ArrowDown", label: "Move down when zoomed", group: LOOK, action: "down" },
  { key: "Home", label: "First picture", group: MOVE, action: "first" },
  { key: "End", label: "Last picture", group: MOVE, action: "last" },
  ...[1, 2, 3, 4, 5].map((n): ViewerKey => score(n, "1 to 5 stars")),
  score(0, "No stars"),
  ...[1, 2, 3, 4, 5].map((n): ViewerKey => ({
    ...score(n, "Stars, and on to the next"),
    shift: true,
    action: "scoreAndMove",
  })),
  { ...score(0, "No stars, and on to the next"), shift: true, action: "scoreAndMove" },
  { key: "Delete", label: "To the scrapheap, or out of it", group: MOVE, action: "scrapheap" },
  { key: "i", label: "Information", group: MOVE, action: "info" },
  { key: "z", label: "1:1, or the whole picture", group: LOOK, action: "actual" },
  { key: "+", label: "Closer", group: LOOK, action: "zoomIn" },
  { key: "-", label: "Further away", group: LOOK, action: "zoomOut" },
  { key: "Escape", label: "Back to the grid", group: MOVE, action: "close" },
];
