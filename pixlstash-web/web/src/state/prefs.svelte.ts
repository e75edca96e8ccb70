/** What this browser remembers about how its reader likes to look. */
import type { Mode } from "../grid/layout";

export const SMALLEST = 80;
export const LARGEST = 400;
export const USUAL = 200;
/** A narrow screen shows rows composed for it. */
export const USUAL_NARROW = 112;

const STORE = "pixlstash.table";

export function usualSize(): number {
  return typeof window !== "undefined" && window.innerWidth <= 640 ? USUAL_NARROW : USUAL;
}

export function clampSize(size: number): number {
  return Math.min(LARGEST, Math.max(SMALLEST, Math.round(size)));
}

class Prefs {
  /** Height of rows, or side of squares, in pixels. */
  size = $state(usualSize());
  mode = $state<Mode>("justified");

  constructor() {
    this.#read();
  }

  set(change: { size?: number; mode?: Mode }): void {
    if (change.size !== undefined) this.size = clampSize(change.size);
    if (change.mode !== undefined) this.mode = change.mode;
    try {
      localStorage.setItem(STORE, JSON.stringify({ size: this.size, mode: this.mode }));
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }

  #read(): void {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}") as { size?: unknown; mode?: unknown };
      if (typeof kept.size === "number" && Number.isFinite(kept.size)) this.size = clampSize(kept.size);
      if (kept.mode === "square") this.mode = "square";
    } catch {
      // nothing kept, or not by us
    }
  }
}

export const prefs = new Prefs();
