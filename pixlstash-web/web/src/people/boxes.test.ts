import { expect, test } from "vitest";
import { type Box, between, cutOut, keyOf, named, turned } from "./boxes";

test("a box turns with its picture, and four quarters are none", () => {
  const box: Box = [0.1, 0.2, 0.4, 0.6];
  expect(turned(box, 1).map((n) => Math.round(n * 10) / 10)).toEqual([0.4, 0.1, 0.8, 0.4]);
  for (const quarters of [0, 4, -4]) expect(turned(box, quarters)).toEqual(box);
  expect(turned(turned(box, 3), 1).map((n) => Math.round(n * 10) / 10)).toEqual([...box]);
});

test("a drawn box lies within, and a press is none", () => {
  expect(between([0.5, 0.6], [0.2, -3])).toEqual([0.2, 0, 0.5, 0.6]);
  expect(between([0.5, 0.5], [0.501, 0.7])).toBeNull();
});

test("a face fills its square and stays within its picture", () => {
  const { width, left, top } = cutOut([0.4, 0.4, 0.6, 0.6], 1000, 500, 52);
  // 200 wide and 100 high with a third more around it: 260 pixels become 52
  expect([width, left, top].map(Math.round)).toEqual([200, -74, -24]);
  expect(cutOut([0, 0, 0.1, 0.1], 1000, 1000, 13)).toEqual({ width: 100, left: -0, top: -0 });
  expect(cutOut([0, 0, 1, 1], 400, 200, 20)).toEqual({ width: 40, left: -10, top: -0 });
});

test("faces are named by what was found, else by what was said", () => {
  const found = { picture: 1, id: 7, said: 3 };
  const drawn = { picture: 1, id: null, said: 9 };
  expect(named([found, drawn])).toEqual({ faces: [7], said: [9] });
  expect([keyOf(found), keyOf(drawn)]).toEqual(["1.7.", "1..9"]);
});
