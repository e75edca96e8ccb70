/** Walking through what a field offers. `Options.svelte` draws it. */

/** Where ↓ and ↑ lead from option `at` (-1: none) of `count`; null for any other key. */
export function walked(key: string, at: number, count: number): number | null {
  if (!count) return null;
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return at <= 0 ? count - 1 : at - 1;
  return null;
}
