/** A finger that stays on a tile chooses it: there is no hover and no Ctrl on a phone. */

const LONG = 420;
const STILL = 10;

export class LongPress {
  /** The last pointer was a finger or a pen. */
  touched = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #start = { x: 0, y: 0 };
  #done = false;

  constructor(private readonly act: (event: PointerEvent) => void) {}

  down = (event: PointerEvent): void => {
    this.touched = event.pointerType !== "mouse";
    this.#done = false;
    clearTimeout(this.#timer);
    if (!this.touched || !event.isPrimary) return;
    this.#start = { x: event.clientX, y: event.clientY };
    this.#timer = setTimeout(() => {
      this.#done = true;
      this.act(event);
      navigator.vibrate?.(10);
    }, LONG);
  };

  move = (event: PointerEvent): void => {
    if (Math.hypot(event.clientX - this.#start.x, event.clientY - this.#start.y) > STILL) this.end();
  };

  end = (): void => clearTimeout(this.#timer);

  /** Whether the click that is coming belongs to a long press and means nothing more. */
  swallow(): boolean {
    const done = this.#done;
    this.#done = false;
    return done;
  }
}
