const NAMES: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  " ": "Space",
  Escape: "Esc",
  Delete: "Del",
  PageUp: "PgUp",
  PageDown: "PgDn",
  "-": "−",
};

/** What is written on a key, with the keys held beside it: "Ctrl+Shift+Z". */
export function keyName(key: { key: string; ctrl?: boolean; shift?: boolean }): string {
  const name = NAMES[key.key] ?? (key.key.length === 1 ? key.key.toUpperCase() : key.key);
  return `${key.ctrl ? "Ctrl+" : ""}${key.shift ? "Shift+" : ""}${name}`;
}
