/** A slide show: on by itself after some seconds, as many as the reader likes. */

const STORE = "pixlstash.slides";
const SECONDS: readonly number[] = [1, 2, 3, 5, 8, 15, 30];
const USUAL = 3;
/** Milliseconds until the bars of a slide show go. */
const IDLE = 2000;

export class Slides {
  playing = $state(false);
  /** Its bars are shown: somebody moved the pointer. */
  awake = $state(true);
  #at = $state(kept());
  #resting: ReturnType<typeof setTimeout> | undefined;

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

  wake(): void {
    this.awake = true;
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => (this.awake = false), IDLE);
  }

  /** It is over. */
  rest(): void {
    clearTimeout(this.#resting);
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
