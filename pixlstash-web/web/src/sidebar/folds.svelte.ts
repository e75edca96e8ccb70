/** What of the sidebar this browser keeps folded, and how it heads characters. */
const STORE = "pixlstash.sidebar";

class Folds {
  folded = $state.raw<ReadonlySet<string>>(new Set());
  /** Characters are headed People. */
  people = $state(false);

  constructor() {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}") as { folded?: unknown; people?: unknown };
      if (Array.isArray(kept.folded)) this.folded = new Set(kept.folded.filter((key) => typeof key === "string"));
      this.people = kept.people === true;
    } catch {
      // nothing kept, or not by us
    }
  }

  /** Fold the row of this key, or show again what is below it. */
  toggle(key: string, folded = !this.folded.has(key)): void {
    const next = new Set(this.folded);
    if (folded) next.add(key);
    else next.delete(key);
    this.folded = next;
    this.#keep();
  }

  head(people: boolean): void {
    this.people = people;
    this.#keep();
  }

  #keep(): void {
    try {
      localStorage.setItem(STORE, JSON.stringify({ folded: [...this.folded], people: this.people }));
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }
}

export const folds = new Folds();
