/**
 * Where a picture lies on the stage. Pure: sizes and points in, a new placement out.
 * Lengths are CSS pixels measured from the stage's top left corner; picture sizes are picture pixels.
 */

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** The picture's top left corner on the stage, and CSS pixels for each picture pixel. */
export interface Placement extends Point {
  scale: number;
}

/** Small pictures are shown at most this many times their size until somebody asks for more. */
const FIT_AT_MOST = 2;
/** One picture pixel never becomes larger than this many device pixels. */
const CLOSEST = 16;
/** A step of + and −, of one notch of a mouse wheel too. */
export const STEP = 1.25;

/** The whole picture, centred. */
export function fit(stage: Size, picture: Size): Placement {
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height, FIT_AT_MOST);
  return centre(stage, picture, Math.max(scale, 1e-6));
}

function centre(stage: Size, picture: Size, scale: number): Placement {
  return {
    scale,
    x: (stage.width - picture.width * scale) / 2,
    y: (stage.height - picture.height * scale) / 2,
  };
}

/** The scale at which one picture pixel is one device pixel. */
export function actual(density: number): number {
  return 1 / (density || 1);
}

/** Whether `at` shows the picture larger than the stage can hold, so that it can be moved. */
export function overflows(at: Placement, stage: Size, picture: Size): boolean {
  return picture.width * at.scale > stage.width + 0.5 || picture.height * at.scale > stage.height + 0.5;
}

/** Keep the scale within reason and the stage filled: no edge comes inside it unless the picture is smaller. */
export function limit(at: Placement, stage: Size, picture: Size, density: number): Placement {
  const { least, most } = range(stage, picture, density);
  const scale = clamp(at.scale, least, most);
  return {
    scale,
    x: within(at.x, stage.width, picture.width * scale),
    y: within(at.y, stage.height, picture.height * scale),
  };
}

function range(stage: Size, picture: Size, density: number): { least: number; most: number } {
  const whole = fit(stage, picture).scale;
  return { least: Math.min(whole, actual(density)), most: Math.max(whole, CLOSEST * actual(density)) };
}

function within(offset: number, room: number, length: number): number {
  return length <= room ? (room - length) / 2 : clamp(offset, room - length, 0);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** Scale to `scale`, with the picture's point under `about` staying there as far as the limits allow. */
export function zoom(
  at: Placement,
  scale: number,
  about: Point,
  stage: Size,
  picture: Size,
  density: number,
): Placement {
  const { least, most } = range(stage, picture, density);
  const next = clamp(scale, least, most);
  const factor = next / at.scale;
  return limit(
    { scale: next, x: about.x - (about.x - at.x) * factor, y: about.y - (about.y - at.y) * factor },
    stage,
    picture,
    density,
  );
}

/** Move by `dx`, `dy`. */
export function pan(at: Placement, dx: number, dy: number, stage: Size, picture: Size, density: number): Placement {
  return limit({ ...at, x: at.x + dx, y: at.y + dy }, stage, picture, density);
}

/** What two fingers did between two moments: the points under them stay under them. */
export function pinch(
  at: Placement,
  before: readonly [Point, Point],
  after: readonly [Point, Point],
  stage: Size,
  picture: Size,
  density: number,
): Placement {
  const spread = (two: readonly [Point, Point]) => Math.hypot(two[0].x - two[1].x, two[0].y - two[1].y);
  const middle = (two: readonly [Point, Point]) => ({ x: (two[0].x + two[1].x) / 2, y: (two[0].y + two[1].y) / 2 });
  const from = middle(before);
  const to = middle(after);
  const factor = spread(after) / Math.max(spread(before), 1);
  const moved = { ...at, x: at.x + to.x - from.x, y: at.y + to.y - from.y };
  return zoom(moved, at.scale * factor, to, stage, picture, density);
}

/** How much a wheel event zooms: trackpads send many small steps, mice few large ones, in lines or pixels. */
export function wheelFactor(deltaY: number, deltaMode: number): number {
  const pixels = deltaMode === 1 ? deltaY * 16 : deltaMode === 2 ? deltaY * 100 : deltaY;
  return STEP ** (-clamp(pixels, -200, 200) / 100);
}
