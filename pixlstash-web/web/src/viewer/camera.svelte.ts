import { actual, fit, limit, overflows, pan, pinch, type Placement, type Point, type Size, STEP, zoom } from "./zoom";

/** Where one looks, whatever the size of stage and picture: how much closer than whole, and at what part of it. */
export interface Gaze {
  readonly closer: number;
  readonly x: number;
  readonly y: number;
}

/** How the viewer looks at the picture: whole until somebody zooms, then where they left it. */
export class Camera {
  /** Look at the next picture as at this one, and not at the whole. */
  keeps = false;
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

  /** Null for the whole picture. */
  readonly gaze: Gaze | null = $derived.by(() => {
    if (!this.#chosen) return null;
    const { scale, x, y } = this.at;
    return {
      closer: scale / fit(this.stage, this.#picture).scale,
      x: (this.stage.width / 2 - x) / (this.#picture.width * scale),
      y: (this.stage.height / 2 - y) / (this.#picture.height * scale),
    };
  });

  get picture(): Size {
    return this.#picture;
  }

  /** Show another picture, whole unless it `keeps`. */
  show(picture: Size): void {
    const gaze = this.keeps ? this.gaze : null;
    this.#picture = picture;
    this.look(gaze);
  }

  look(gaze: Gaze | null): void {
    if (!gaze) {
      this.#chosen = null;
      return;
    }
    const scale = fit(this.stage, this.#picture).scale * gaze.closer;
    this.#chosen = {
      scale,
      x: this.stage.width / 2 - gaze.x * this.#picture.width * scale,
      y: this.stage.height / 2 - gaze.y * this.#picture.height * scale,
    };
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
