/** The panel right of the table: whether it is open, how wide, and what it shows, as its reader left it. */
import { MediaQuery } from "svelte/reactivity";

export type Tab = "filters" | "statistics" | "tags" | "info" | "plugins";
const TABS: readonly unknown[] = ["filters", "statistics", "tags", "info", "plugins"];

const STORE = "pixlstash.aside";
export const NARROWEST = 220;
export const WIDEST = 480;
const USUAL = 264;

/** There is no room beside the table: the panel lies over it, and only when it is asked for. */
export const over = new MediaQuery("max-width: 900px");

class SidePanel {
  tab = $state<Tab>("statistics");
  width = $state(USUAL);
  /** Opened by a key or button, not with the page: what opens takes the focus. */
  entering = false;
  #beside = $state(false);
  #above = $state(false);

  constructor() {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}") as {
        open?: unknown;
        width?: unknown;
        tab?: unknown;
      };
      this.#beside = kept.open === true;
      if (typeof kept.width === "number" && Number.isFinite(kept.width)) this.width = clamp(kept.width);
      if (TABS.includes(kept.tab)) this.tab = kept.tab as Tab;
    } catch {
      // nothing kept, or not by us
    }
  }

  get open(): boolean {
    return over.current ? this.#above : this.#beside;
  }

  /** Show this tab, or nothing where it is the one that is shown. */
  toggle(tab: Tab): void {
    const shown = this.open && this.tab === tab;
    this.tab = tab;
    this.entering = !shown;
    this.#set(!shown);
  }

  close(): void {
    this.#set(false);
  }

  show(tab: Tab): void {
    this.tab = tab;
    this.#keep();
  }

  resize(width: number): void {
    this.width = clamp(width);
    this.#keep();
  }

  #set(open: boolean): void {
    if (over.current) this.#above = open;
    else this.#beside = open;
    this.#keep();
  }

  #keep(): void {
    try {
      localStorage.setItem(STORE, JSON.stringify({ open: this.#beside, width: this.width, tab: this.tab }));
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }
}

function clamp(width: number): number {
  return Math.min(WIDEST, Math.max(NARROWEST, Math.round(width)));
}

export const sidePanel = new SidePanel();
