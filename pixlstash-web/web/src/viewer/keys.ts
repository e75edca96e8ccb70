/** What the keys do while a picture is open. The table stands alone so that the key sheet can show it at any time. */

export interface ViewerKey {
  key: string;
  shift?: boolean;
  ctrl?: boolean;
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
  | "tag"
  | "faces"
  | "text"
  | "similar"
  | "similarFaces"
  | "draw"
  | "set"
  | "character"
  | "project"
  | "accept"
  | "reject"
  | "play"
  | "back"
  | "on"
  | "sound"
  | "actual"
  | "zoomIn"
  | "zoomOut"
  | "rotateRight"
  | "rotateLeft"
  | "showStack"
  | "unstack"
  | "fullScreen"
  | "slideShow";

/** Where the grid's keys do the same, labels and groups are the same too: the sheet shows them once. */
const MOVE = "Move";
const CHANGE = "Change";
const LOOK = "One picture";

function scores(n: number): ViewerKey[] {
  const label = n ? "1 to 5 stars" : "Clear the score";
  const key = { key: String(n), group: "Score", value: n };
  return [
    { ...key, label, action: "score" },
    { ...key, shift: true, label: "Score and go on", action: "scoreAndMove" },
  ];
}

export const VIEWER_KEYS: readonly ViewerKey[] = [
  { key: "ArrowLeft", label: "Previous or next", group: MOVE, action: "left" },
  { key: "ArrowRight", label: "Previous or next", group: MOVE, action: "right" },
  { key: "Home", label: "First or last picture", group: MOVE, action: "first" },
  { key: "End", label: "First or last picture", group: MOVE, action: "last" },
  ...[1, 2, 3, 4, 5, 0].flatMap(scores),
  { key: "Delete", label: "To the scrapheap, or out of it", group: CHANGE, action: "scrapheap" },
  { key: "t", label: "Tag, or take tags off", group: CHANGE, action: "tag" },
  { key: "s", label: "Add to a set, or take out", group: CHANGE, action: "set" },
  { key: "c", label: "Say who is in it", group: CHANGE, action: "character" },
  { key: "p", label: "Move to a project", group: CHANGE, action: "project" },
  { key: "a", label: "Accept or reject a suggested tag", group: CHANGE, action: "accept" },
  { key: "r", label: "Accept or reject a suggested tag", group: CHANGE, action: "reject" },
  { key: "f", label: "Faces, and who they are", group: LOOK, action: "faces" },
  { key: "x", label: "Text in the picture", group: LOOK, action: "text" },
  { key: "b", label: "Draw a box around a face", group: CHANGE, action: "draw" },
  { key: "l", label: "Similar pictures", group: "Look", action: "similar" },
  { key: "l", shift: true, label: "Similar faces", group: "Look", action: "similarFaces" },
  { key: "k", label: "Stack, or show the stack", group: CHANGE, action: "showStack" },
  { key: "k", shift: true, label: "Unstack", group: CHANGE, action: "unstack" },
  { key: "ArrowRight", ctrl: true, label: "Turn", group: CHANGE, action: "rotateRight" },
  { key: "ArrowLeft", ctrl: true, label: "Turn", group: CHANGE, action: "rotateLeft" },
  { key: "Enter", ctrl: true, label: "Slide show", group: "Look", action: "slideShow" },
  { key: "f", shift: true, label: "Full screen", group: LOOK, action: "fullScreen" },
  { key: "i", label: "Information", group: LOOK, action: "info" },
  { key: " ", label: "Play or pause", group: LOOK, action: "play" },
  {
    key: "ArrowLeft",
    shift: true,
    label: "Back or on in a video; ← and → do it in one you set going",
    group: LOOK,
    action: "back",
  },
  {
    key: "ArrowRight",
    shift: true,
    label: "Back or on in a video; ← and → do it in one you set going",
    group: LOOK,
    action: "on",
  },
  { key: "m", label: "Sound on or off", group: LOOK, action: "sound" },
  { key: "z", label: "1:1, or the whole picture", group: LOOK, action: "actual" },
  { key: "+", label: "Closer or further away", group: LOOK, action: "zoomIn" },
  { key: "-", label: "Closer or further away", group: LOOK, action: "zoomOut" },
  { key: "ArrowUp", label: "Move it when zoomed, with ← and → too", group: LOOK, action: "up" },
  { key: "ArrowDown", label: "Move it when zoomed, with ← and → too", group: LOOK, action: "down" },
  { key: "Escape", label: "Back to the grid", group: LOOK, action: "close" },
];
