/** Where something of this size opens so that it does not cover what it is about. Pixels of the screen. */

const GAP = 12;
const EDGE = 8;

export interface Size {
  width: number;
  height: number;
}

/** Right of it, else left, else at the far edge; the top at its height as far as the screen allows. */
export function beside(near: DOMRectReadOnly, { width, height }: Size, screen: Size): { left: number; top: number } {
  const farthest = screen.width - width - EDGE;
  const right = near.right + GAP;
  const left = near.left - GAP - width;
  const wider = near.left + near.right > screen.width ? EDGE : farthest;
  return {
    left: Math.max(EDGE, right <= farthest ? right : left >= EDGE ? left : wider),
    top: Math.max(EDGE, Math.min(near.top, screen.height - height - EDGE)),
  };
}
