/**
 * Between the browser's scroll box and the content. Browsers cap a box (16.7 M px in Chromium, 17.9 M in Firefox), and
 * a million pictures are higher. Small moves go 1:1, so wheel and finger feel the same in any library; large ones (the
 * thumb, Home, End) go by proportion. At rest the thumb is put where it belongs without moving the content.
 */

/** No box is higher, in CSS pixels: half of the lowest cap, for screens with two device pixels to one. */
export const CAP = 8_000_000;

/** This much at either end lies 1:1 in the box, so that a long fling reaches the true end without a jump. */
const EDGE = 2_000_000;

/** A move of more than this many screens is a jump. */
const JUMP = 3;

export class Scroll {
  /** Top edge of what is seen, in pixels of the content. */
  y = 0;
  /** The box's `scrollTop` as of `y`. */
  top = 0;
  #content = 0;
  #screen = 0;

  /** Height to give the scroll box. */
  get box(): number {
    return Math.min(CAP, this.#content);
  }

  /** What to take from a height of the content for its height in the box. */
  get shift(): number {
    return this.y - this.top;
  }

  get end(): number {
    return Math.max(0, this.#content - this.#screen);
  }

  get #boxEnd(): number {
    return Math.max(0, this.box - this.#screen);
  }

  /** Take on new heights. `y` stays, within them; then give the box `box` and set its scrollTop to `top`. */
  resize(content: number, screen: number): void {
    this.#content = content;
    this.#screen = screen;
    this.to(this.y);
  }

  /** Show the content from `y` on. The box's scrollTop is then `top`. */
  to(y: number): void {
    this.y = Math.min(this.end, Math.max(0, Math.round(y)));
    this.top = Math.round(this.project(this.y));
  }

  /** The box was scrolled to `top`, by whatever means. */
  follow(top: number): void {
    const moved = top - this.top;
    this.top = top;
    if (top <= 0) this.y = 0;
    else if (top >= this.#boxEnd - 0.5) this.y = this.end;
    else if (Math.abs(moved) > JUMP * this.#screen) this.y = Math.round(this.unproject(top));
    else this.y = Math.min(this.end, Math.max(0, this.y + moved));
  }

  /** Put the thumb where `y` is in proportion. Answers whether `top` changed and must be set on the box. */
  settle(): boolean {
    const before = this.top;
    this.to(this.y);
    return Math.abs(this.top - before) >= 1;
  }

  /** Height in the box of a height in the content. */
  project(y: number): number {
    const end = this.end;
    const boxEnd = this.#boxEnd;
    if (end <= boxEnd || y <= EDGE) return Math.min(y, end);
    if (y >= end - EDGE) return boxEnd - (end - y);
    return EDGE + ((y - EDGE) * (boxEnd - 2 * EDGE)) / (end - 2 * EDGE);
  }

  /** The inverse of `project`. */
  unproject(top: number): number {
    const end = this.end;
    const boxEnd = this.#boxEnd;
    if (end <= boxEnd || top <= EDGE) return top;
    if (top >= boxEnd - EDGE) return end - (boxEnd - top);
    return EDGE + ((top - EDGE) * (end - 2 * EDGE)) / (boxEnd - 2 * EDGE);
  }
}
