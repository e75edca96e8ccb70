/** How fast bytes go, over the last few seconds. */

const WINDOW = 5000;

export class TransferSpeed {
  #samples: { at: number; bytes: number }[] = [];
  #began = 0;

  /** So many more are on their way; fewer where some have to be sent again. */
  add(bytes: number, now: number = performance.now()): void {
    if (!this.#samples.length) this.#began = now;
    // What was there before is not sent now: a jump back or forward is no speed.
    if (bytes > 0) this.#samples.push({ at: now, bytes });
  }

  stop(): void {
    this.#samples = [];
  }

  /** In bytes a second. */
  speed(now: number = performance.now()): number {
    this.#samples = this.#samples.filter(({ at }) => now - at < WINDOW);
    const bytes = this.#samples.reduce((sum, one) => sum + one.bytes, 0);
    const seconds = Math.min(WINDOW, Math.max(500, now - this.#began)) / 1000;
    return bytes / seconds;
  }
}
