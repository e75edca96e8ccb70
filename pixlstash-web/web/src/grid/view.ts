/** A view as pages use it. Every index is the reader's own: pictures that just left the view are not counted. */
export interface ViewHandle {
  readonly key: string;
  readonly count: number;
  /** Version of all thumbnails, the `v` of their addresses. */
  readonly thumbnails: string;
  /** Undefined until the block of index `i` is there: see `ensure`. */
  idAt(i: number): number | undefined;
  /** Width divided by height, upright. Known for the whole view from the start. */
  ratioAt(i: number): number;
  /** `SCORE` and the bits below. */
  flagsAt(i: number): number | undefined;
  /** A CSS colour to show before the picture. */
  colourAt(i: number): string | undefined;
  /** Load the block of index `i`. @throws ApiError */
  ensure(i: number): Promise<void>;
  /** Index of picture `id` among the blocks that are here, or -1. */
  indexOf(id: number): number;
}

/** Mask of the score, 0 to 5. */
export const SCORE = 7;
export const MOVING = 8;
export const STACKED = 16;
/** There is no still: the picture cannot be drawn, the details say why. */
export const NO_STILL = 32;
/** The file itself is at none of its locations. */
export const MISSING = 64;
