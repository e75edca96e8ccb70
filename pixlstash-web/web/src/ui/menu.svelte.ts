/** The one menu of the page: whoever needs it says what is in it and where. */
import type { IconName } from "./icons";

export type Item =
  | { label: string; run: () => void; icon?: IconName; keys?: string; checked?: boolean }
  | { score: number; give: (n: number) => void }
  | "line";

class Menu {
  items = $state.raw<readonly Item[]>([]);
  at = $state.raw({ x: 0, y: 0 });
  /** Counts openings, so that the same place can be opened again. */
  shown = $state(0);

  open(items: readonly Item[], x: number, y: number): void {
    this.items = items;
    this.at = { x, y };
    this.shown += 1;
  }

  /** Below a button, flush with its left edge. */
  under(button: Element, items: readonly Item[]): void {
    const box = button.getBoundingClientRect();
    this.open(items, box.left, box.bottom + 4);
  }
}

export const menu = new Menu();
