/** Whether what shall not lie open is hidden and blurred. A new tab always begins so. */

const STORE = "pixlstash.veil";

class Hiding {
  #down = $state(kept());

  get down(): boolean {
    return this.#down;
  }

  /** For the address of a view. */
  get parameter(): true | null {
    return this.#down || null;
  }

  flip(): void {
    this.#down = !this.#down;
    try {
      sessionStorage.setItem(STORE, this.#down ? "down" : "lifted");
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }
}

function kept(): boolean {
  try {
    return sessionStorage.getItem(STORE) !== "lifted";
  } catch {
    return true;
  }
}

export const hiding = new Hiding();
