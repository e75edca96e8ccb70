/** Where the lines of text in a picture are drawn, so that they can be selected over it. */
import type { TextLineInfo } from "../api/schema";

type Point = readonly [number, number];

export interface Place {
  /** The corner at which the line begins, in CSS pixels of the picture as it is shown. */
  left: number;
  top: number;
  /** Along the line and across it, in CSS pixels. */
  width: number;
  height: number;
  /** In degrees, clockwise about that corner. */
  angle: number;
  /** The characters are one below the other. */
  vertical: boolean;
}

/** A point of the picture when it is turned by quarters clockwise; all in fractions. */
function turnedPoint([x, y]: Point, quarters: number): Point {
  const times = ((quarters % 4) + 4) % 4;
  return times ? turnedPoint([1 - y, x], times - 1) : [x, y];
}

/** Where a line lies in a picture that is shown with this size, turned by quarters. */
export function placeOf(
  line: Pick<TextLineInfo, "text" | "box" | "corners">,
  quarters: number,
  shown: { width: number; height: number },
): Place {
  const [left, top, right, bottom] = line.box;
  const upright: readonly Point[] = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
  const corners = (line.corners.length === 4 ? line.corners : upright).map((corner): Point => {
    const [x, y] = turnedPoint(corner, quarters);
    return [x * shown.width, y * shown.height];
  });
  const [first, second, , last] = corners as [Point, Point, Point, Point];
  const along: Point = [second[0] - first[0], second[1] - first[1]];
  const width = Math.hypot(...along);
  const height = Math.hypot(last[0] - first[0], last[1] - first[1]);
  return {
    left: first[0],
    top: first[1],
    width,
    height,
    angle: (Math.atan2(along[1], along[0]) * 180) / Math.PI,
    vertical: height > 1.5 * width && [...line.text].length > 1,
  };
}
