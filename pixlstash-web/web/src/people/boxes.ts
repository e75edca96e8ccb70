/** Where faces are: boxes as fractions of the upright picture, turned with it, drawn by hand, cut out of it. */
import type { FaceInfo } from "../api/schema";

/** left, top, right, bottom as fractions of the upright picture. */
export type Box = Readonly<FaceInfo["box"]>;

/** A face however it is known: what was found and what was said of it have numbers of their own. */
export function keyOf({ picture, id, said }: Pick<FaceInfo, "picture" | "id" | "said">): string {
  return `${picture}.${id ?? ""}.${id === null ? (said ?? "") : ""}`;
}

/** Faces as requests name them. */
export function named(faces: readonly Pick<FaceInfo, "id" | "said">[]): { faces: number[]; said: number[] } {
  return {
    faces: faces.flatMap(({ id }) => (id === null ? [] : [id])),
    said: faces.flatMap(({ id, said }) => (id === null && said !== null ? [said] : [])),
  };
}

/** The box when its picture is turned by quarters clockwise. */
export function turned([left, top, right, bottom]: Box, quarters: number): Box {
  const times = ((quarters % 4) + 4) % 4;
  if (!times) return [left, top, right, bottom];
  return turned([1 - bottom, left, 1 - top, right], times - 1);
}

const within = (n: number) => Math.min(1, Math.max(0, n));

/** The box between two points, in fractions; null where it is too small to be meant. */
export function between(a: readonly [number, number], b: readonly [number, number], least = 0.01): Box | null {
  const box: Box = [
    within(Math.min(a[0], b[0])),
    within(Math.min(a[1], b[1])),
    within(Math.max(a[0], b[0])),
    within(Math.max(a[1], b[1])),
  ];
  return box[2] - box[0] < least || box[3] - box[1] < least ? null : box;
}

/**
 * How to lay an image of `width` × `height` pixels into a square of `cell`, so that the square shows the box and a
 * little around it: its size and where its corner lies.
 */
export function cutOut([left, top, right, bottom]: Box, width: number, height: number, cell: number) {
  const side = Math.min(Math.max((right - left) * width, (bottom - top) * height) * 1.3, Math.min(width, height));
  const scale = cell / Math.max(side, 1e-6);
  const place = (from: number, to: number, whole: number) => {
    const middle = ((from + to) / 2) * whole;
    return -Math.min(Math.max(middle - side / 2, 0), whole - side) * scale;
  };
  return { width: width * scale, left: place(left, right, width), top: place(top, bottom, height) };
}
