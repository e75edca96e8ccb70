import { expect, test } from "vitest";
import { beside } from "./beside";

const SCREEN = { width: 1000, height: 600 };
const SIZE = { width: 400, height: 300 };
const rect = (left: number, top: number, right: number, bottom: number) =>
  ({ left, top, right, bottom, width: right - left, height: bottom - top }) as DOMRectReadOnly;

test("it opens right of it where there is room, else left", () => {
  expect(beside(rect(100, 50, 200, 150), SIZE, SCREEN)).toEqual({ left: 212, top: 50 });
  expect(beside(rect(700, 50, 800, 150), SIZE, SCREEN)).toEqual({ left: 288, top: 50 });
});

test("it stays on the screen", () => {
  expect(beside(rect(100, 550, 200, 590), SIZE, SCREEN).top).toBe(292);
  expect(beside(rect(300, 50, 600, 150), SIZE, SCREEN).left).toBe(592);
  expect(beside(rect(450, 50, 800, 150), SIZE, SCREEN).left).toBe(38);
});

test("next to something that fills the screen it covers the smaller part", () => {
  expect(beside(rect(100, 50, 980, 550), SIZE, SCREEN).left).toBe(8);
  expect(beside(rect(20, 50, 900, 550), SIZE, SCREEN).left).toBe(592);
});
