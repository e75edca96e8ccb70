import { actual, fit, limit, overflows, pan, pinch, type Placement, type Point, type Size, STEP, zoom } from "./zoom";

/** How the viewer looks at the picture: whole until somebody zooms, then where they left it. */
export class Camera {
  stage = $state.raw<Size>({ width: 1, height: 1 });
  density = $state(1);
  #picture = $state.raw<Size>({ width: 1, height: 1 });
  #chosen = $state.raw<Placement | null>(null);

  readonly at: Placement = $derived(
    this.#chosen ? limit(this.#chosen, this.stage, this.#picture, this.density) : fit(this.stage, this.#picture),
  );
  /** Whether the picture is larger than the stage and can be moved. */
  readonly movable: boolean = $derived(overflows(this.at, this.stage, this.#picture));
  /** Device pixels for each picture pixel. */
  readonly magnification: number = $derived(this.at.scale * this.density);
  readonly whole: boolean = $derived(this.#chosen === null);

  get picture(): Size {
    return this.#picture;
  }

  /** Show another picture, whole. */
  show(picture: Size): void {
    this.#picture = picture;
    this.#chosen = null;
  }

  /** The same picture turned out to be of another size: what is seen stays where it is. */
  resize(picture: Size): void {
    const factor = this.#picture.width / picture.width;
    if (this.#chosen) this.#chosen = { ...this.#chosen, scale: this.#chosen.scale * factor };
    this.#picture = picture;
  }

  zoomBy(factor: number, about: Point = this.#middle()): void {
    this.#chosen = zoom(this.at, this.at.scale * factor, about, this.stage, this.#picture, this.density);
  }

  step(direction: 1 | -1): void {
    this.zoomBy(STEP ** (2 * direction));
  }

  /** Between the whole picture and one picture pixel on one device pixel; twice that where these are the same. */
  toggleActual(about: Point = this.#middle()): void {
    if (this.#chosen) {
      this.#chosen = null;
      return;
    }
    const one = actual(this.density);
    const same = Math.abs(this.at.scale / one - 1) < 0.02;
    this.#chosen = zoom(this.at, same ? one * 2 : one, about, this.stage, this.#picture, this.density);
  }

  fit(): void {
    this.#chosen = null;
  }

  pan(dx: number, dy: number): void {
    if (this.movable) this.#chosen = pan(this.at, dx, dy, this.stage, this.#picture, this.density);
  }

  pinch(before: readonly [Point, Point], after: readonly [Point, Point]): void {
    this.#chosen = pinch(this.at, before, after, this.stage, this.#picture, this.density);
  }

  #middle(): Point {
    return { x: this.stage.width / 2, y: this.stage.height / 2 };
  }
}
