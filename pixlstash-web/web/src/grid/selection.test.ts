import { expect, test } from "vitest";
import { Selection } from "./selection";

test("ranges are few and half open", () => {
  const selection = new Selection(10);
  for (const i of [0, 1, 2, 5, 9]) selection.toggle(i);
  selection.toggle(1);
  expect(selection.ranges()).toEqual([
    [0, 1],
    [2, 3],
    [5, 6],
    [9, 10],
  ]);
  expect(selection.size).toBe(4);
});

test("all of a million is one range", () => {
  const selection = new Selection(1_000_000);
  selection.all();
  expect(selection.ranges()).toEqual([[0, 1_000_000]]);
  expect(selection.size).toBe(1_000_000);
  selection.clear();
  expect(selection.ranges()).toEqual([]);
});

test("a Shift range grows, shrinks and turns around its anchor, and leaves other choices alone", () => {
  const selection = new Selection(20);
  selection.toggle(15);
  selection.toggle(5);
  selection.reach(9);
  expect(selection.ranges()).toEqual([
    [5, 10],
    [15, 16],
  ]);
  selection.reach(3);
  expect(selection.ranges()).toEqual([
    [3, 6],
    [15, 16],
  ]);
  selection.reach(16);
  selection.reach(6);
  expect(selection.ranges()).toEqual([
    [5, 7],
    [15, 16],
  ]);
});

test("a new range starts after another picture was chosen", () => {
  const selection = new Selection(20);
  selection.toggle(2);
  selection.reach(4);
  selection.toggle(10);
  expect(selection.reaching).toBe(false);
  selection.reach(12);
  expect(selection.ranges()).toEqual([
    [2, 5],
    [10, 13],
  ]);
});

test("pictures that leave take their choice with them", () => {
  const selection = new Selection(6);
  for (const i of [1, 3, 4]) selection.toggle(i);
  const next = selection.moved(4, (i) => (i === 3 ? -1 : i === 0 ? -1 : i < 3 ? i - 1 : i - 2));
  expect(next.ranges()).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(next.size).toBe(2);
});

test("a choice is found again by id in another answer as its blocks come", () => {
  const selection = Selection.of([70, 80, 90], 100);
  expect(selection.size).toBe(3);
  expect(selection.ranges()).toEqual([]);
  expect(selection.meet(80, 12)).toBe(true);
  expect(selection.meet(81, 13)).toBe(false);
  expect(selection.ranges()).toEqual([[12, 13]]);
  expect(selection.lost()).toEqual([70, 90]);
  expect(selection.size).toBe(3);
  selection.all();
  expect(selection.size).toBe(100);
});
