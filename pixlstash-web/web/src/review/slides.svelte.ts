/** A slide show: on by itself after some seconds, as many as the reader likes. */

const STORE = "pixlstash.slides";
const SECONDS: readonly number[] = [1, 2, 3, 5, 8, 15, 30];
const USUAL = 3;

export class Slides {
  playing = $state(false);
  #at = $state(kept());

  get seconds(): number {
    return SECONDS[this.#at] ?? 5;
  }

  /** Faster or slower. */
  pace(direction: number): void {
    this.#at = Math.min(SECONDS.length - 1, Math.max(0, this.#at - direction));
    try {
      localStorage.setItem(STORE, String(this.#at));
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }
}

function kept(): number {
  try {
    const at = Number(localStorage.getItem(STORE) ?? USUAL);
    return SECONDS[at] === undefined ? USUAL : at;
  } catch {
    return USUAL;
  }
}
