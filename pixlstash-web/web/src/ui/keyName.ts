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
export function keyName(key: { key: string; ctrl?: boolean; shift?: boolean; alt?: boolean }): string {
  const name = NAMES[key.key] ?? (key.key.length === 1 ? key.key.toUpperCase() : key.key);
  return `${key.ctrl ? "Ctrl+" : ""}${key.alt ? "Alt+" : ""}${key.shift ? "Shift+" : ""}${name}`;
}

/** Names of keys that do the same, short: digits as "Shift+0–5", of others with one modifier only the first names it. */
export function joinNames(names: readonly string[]): string[] {
  const split = names.map((name) => /^((?:.+\+)?)(.+)$/.exec(name) ?? ["", "", name]);
  const modifier = split[0]?.[1] ?? "";
  if (names.length < 3 || split.some((parts) => parts[1] !== modifier)) return [...names];
  const plain = split.map((parts) => parts[2] ?? "");
  if (!plain.every((name) => /^\d$/.test(name))) return plain.map((name, n) => (n ? name : modifier + name));
  const digits = plain.map(Number);
  return [`${modifier}${Math.min(...digits)}–${Math.max(...digits)}`];
}
