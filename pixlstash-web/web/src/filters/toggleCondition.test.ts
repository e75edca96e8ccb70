import { expect, test } from "vitest";
import { has, toggled } from "./toggleCondition";

test.each([
  ["", "score:4", "score:4"],
  ["river", "score:4", "river score:4"],
  ["score:4", "score:4", ""],
  ["tag:a", "tag:a tag:b", "tag:a tag:b"],
  ['model:="a b" river', 'model:="a b"', "river"],
  ["megapixels:>=1 megapixels:<4 river", "megapixels:>=1 megapixels:<4", "river"],
  ["river OR harbour", "score:4", "(river OR harbour) score:4"],
  ["river OR score:4 sort:-score", "score:4", "(river OR score:4) score:4 sort:-score"],
  ["(river OR harbour) score:4", "score:4", "(river OR harbour)"],
])("%s with or without %s", (query, condition, expected) => {
  expect(toggled(query, condition)).toBe(expected);
});

test("a condition is there when all of it is, and never within an alternative", () => {
  expect(has("megapixels:>=1", "megapixels:>=1 megapixels:<4")).toBe(false);
  expect(has("a OR score:4", "score:4")).toBe(false);
  expect(has("a score:4", "score:4")).toBe(true);
});
