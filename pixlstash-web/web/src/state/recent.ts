/** What was used last, kept in this browser: the newest first. */

export class Recent {
  #entries: string[];

  /** @param store its name in the browser's storage; @param most so many are kept */
  constructor(
    private readonly store: string,
    private readonly most: number,
  ) {
    this.#entries = this.#read();
  }

  get entries(): readonly string[] {
    return this.#entries;
  }

  add(entry: string): void {
    this.#write([entry, ...this.#read().filter((other) => other !== entry)].slice(0, this.most));
  }

  clear(): void {
    this.#write([]);
  }

  /** Read anew each time: another tab may have added some. */
  #read(): string[] {
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(this.store) ?? "[]");
      return Array.isArray(stored) ? stored.filter((entry) => typeof entry === "string").slice(0, this.most) : [];
    } catch {
      return []; // nothing stored, or not by us
    }
  }

  #write(entries: string[]): void {
    this.#entries = entries;
    try {
      localStorage.setItem(this.store, JSON.stringify(entries));
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }
}
