import { describe, expect, it } from "vitest";
import { actual, fit, limit, overflows, pan, pinch, type Placement, type Point, wheelFactor, zoom } from "./zoom";

const stage = { width: 1000, height: 800 };
const picture = { width: 4000, height: 2000 };

/** The picture pixel under a point of the stage. */
function under(at: Placement, p: Point): Point {
  return { x: (p.x - at.x) / at.scale, y: (p.y - at.y) / at.scale };
}

describe("fit", () => {
  it("shows the whole picture, centred", () => {
    expect(fit(stage, picture)).toEqual({ scale: 0.25, x: 0, y: 150 });
  });

  it("enlarges a small picture at most twice", () => {
    expect(fit(stage, { width: 64, height: 64 })).toEqual({ scale: 2, x: 436, y: 336 });
  });

  it("stays finite on a stage without room", () => {
    const at = fit({ width: 0, height: 0 }, picture);
    expect(at.scale).toBeGreaterThan(0);
    expect(Number.isFinite(at.x)).toBe(true);
  });
});

describe("zoom", () => {
  it("keeps the picture's point under the pointer", () => {
    const about = { x: 600, y: 420 };
    const before = zoom(fit(stage, picture), 0.5, { x: 500, y: 400 }, stage, picture, 1);
    const after = zoom(before, 1.5, about, stage, picture, 1);
    expect(after.scale).toBe(1.5);
    expect(under(after, about).x).toBeCloseTo(under(before, about).x, 6);
    expect(under(after, about).y).toBeCloseTo(under(before, about).y, 6);
  });

  it("keeps the point also when the scale meets its limit", () => {
    const about = { x: 700, y: 420 };
    const before = zoom(fit(stage, picture), 10, about, stage, picture, 1);
    const after = zoom(before, 1000, about, stage, picture, 1);
    expect(after.scale).toBe(16);
    expect(under(after, about).x).toBeCloseTo(under(before, about).x, 6);
  });

  it("goes no further out than the whole picture, or than 1:1 for a small one", () => {
    expect(zoom(fit(stage, picture), 0.001, { x: 0, y: 0 }, stage, picture, 1)).toEqual(fit(stage, picture));
    const small = { width: 100, height: 100 };
    expect(zoom(fit(stage, small), 0.01, { x: 0, y: 0 }, stage, small, 1).scale).toBe(1);
  });

  it("calls one picture pixel on one device pixel actual size", () => {
    expect(actual(2)).toBe(0.5);
    expect(actual(0)).toBe(1);
  });
});

describe("limit and pan", () => {
  it("lets no edge come inside the stage", () => {
    const at = { scale: 1, x: -100, y: -100 };
    expect(pan(at, 5000, 5000, stage, picture, 1)).toEqual({ scale: 1, x: 0, y: 0 });
    expect(pan(at, -9000, -9000, stage, picture, 1)).toEqual({ scale: 1, x: -3000, y: -1200 });
  });

  it("centres the direction in which the picture is smaller", () => {
    const at = limit({ scale: 0.3, x: -50, y: 7 }, stage, picture, 1);
    expect(at).toEqual({ scale: 0.3, x: -50, y: 100 });
  });

  it("knows when there is something to move", () => {
    expect(overflows(fit(stage, picture), stage, picture)).toBe(false);
    expect(overflows({ scale: 0.26, x: 0, y: 0 }, stage, picture)).toBe(true);
  });
});

describe("pinch", () => {
  it("keeps what is under the fingers under them", () => {
    const at = zoom(fit(stage, picture), 1, { x: 500, y: 400 }, stage, picture, 1);
    const before = [
      { x: 400, y: 400 },
      { x: 600, y: 400 },
    ] as const;
    const after = [
      { x: 350, y: 380 },
      { x: 750, y: 380 },
    ] as const;
    const next = pinch(at, before, after, stage, picture, 1);
    expect(next.scale).toBeCloseTo(2, 9);
    for (const finger of [0, 1] as const) {
      expect(under(next, after[finger]).x).toBeCloseTo(under(at, before[finger]).x, 6);
      expect(under(next, after[finger]).y).toBeCloseTo(under(at, before[finger]).y, 6);
    }
  });

  it("survives two fingers on one spot", () => {
    const spot = { x: 10, y: 10 };
    const next = pinch(fit(stage, picture), [spot, spot], [spot, spot], stage, picture, 1);
    expect(Number.isFinite(next.scale)).toBe(true);
  });
});

describe("wheelFactor", () => {
  it("zooms in when the wheel goes away from the hand, the same in lines and pixels", () => {
    expect(wheelFactor(-100, 0)).toBeCloseTo(1.25, 9);
    expect(wheelFactor(100, 0)).toBeCloseTo(0.8, 9);
    expect(wheelFactor(-3, 1)).toBeCloseTo(wheelFactor(-48, 0), 9);
  });

  it("does not leap on a wild wheel", () => {
    expect(wheelFactor(-100_000, 0)).toBeCloseTo(1.5625, 9);
  });
});
