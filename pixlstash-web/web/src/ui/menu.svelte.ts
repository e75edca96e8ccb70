/** The one menu of the page: whoever needs it says what is in it and where. */
import type { IconName } from "./icons";

export interface Act {
  label: string;
  run: () => void;
  icon?: IconName;
  keys?: string;
  checked?: boolean;
  /** A second line: what it costs, or why it cannot be had. */
  note?: string;
  /** What a press does where it is not what the label says. */
  does?: string;
  /** Listed, and not to be had. */
  off?: boolean;
}

/** Opens beside its item, which no other item of its menu is named like. `items` is read while it is shown: late ones appear. */
export interface Submenu {
  label: string;
  icon?: IconName;
  keys?: string;
  /** It is about to be shown. */
  begin?: () => void;
  items: () => readonly Item[];
}

export type Item =
  Act | Submenu | { heading: string } | { score: number; give: (n: number) => void; keyless?: boolean } | "line";

export function isSubmenu(item: Item): item is Submenu {
  return item !== "line" && "items" in item;
}

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

  /** Where a `contextmenu` event asked for it: at the pointer, or below the element where a key did. */
  asked(event: MouseEvent, items: readonly Item[]): void {
    event.preventDefault();
    if (event.clientX || event.clientY) return this.open(items, event.clientX, event.clientY);
    if (event.target instanceof Element) this.under(event.target, items);
  }

  /** Below a button, flush with its left edge. */
  under(button: Element, items: readonly Item[]): void {
    const box = button.getBoundingClientRect();
    this.open(items, box.left, box.bottom + 4);
  }
}

export const menu = new Menu();
