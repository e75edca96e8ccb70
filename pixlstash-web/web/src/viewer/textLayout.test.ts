import { expect, test } from "vitest";
import { placeOf } from "./textLayout";

const shown = { width: 400, height: 200 };
const line = { text: "STOP", box: [0.25, 0.5, 0.75, 0.6] as [number, number, number, number], corners: [] };

test("a level line lies in its box", () => {
  const place = placeOf(line, 0, shown);
  expect(place).toMatchObject({ left: 100, top: 100, width: 200, angle: 0, vertical: false });
  expect(place.height).toBeCloseTo(20);
});

test("it turns with its picture", () => {
  // clockwise: the left edge is now at the top, and text runs down
  const place = placeOf(line, 1, { width: 200, height: 400 });
  expect(place).toMatchObject({ left: 100, top: 100, width: 200, angle: 90 });
  expect(placeOf(line, 2, shown).angle).toBeCloseTo(180);
  expect(placeOf(line, -1, { width: 200, height: 400 }).angle).toBeCloseTo(-90);
  expect(placeOf(line, 4, shown)).toEqual(placeOf(line, 0, shown));
});

test("a slanted line follows its corners", () => {
  const corners: [number, number][] = [
    [0.25, 0.25],
    [0.5, 0.75],
    [0.45, 0.8],
    [0.2, 0.3],
  ];
  const place = placeOf({ ...line, corners }, 0, shown);
  expect(place.angle).toBeCloseTo(45);
  expect(place.width).toBeCloseTo(Math.hypot(100, 100));
});

test("a tall box has its characters one below the other, if it has several", () => {
  const tall: [number, number, number, number] = [0.1, 0.1, 0.15, 0.9];
  expect(placeOf({ text: "非常口", box: tall, corners: [] }, 0, shown).vertical).toBe(true);
  expect(placeOf({ text: "I", box: tall, corners: [] }, 0, shown).vertical).toBe(false);
});
