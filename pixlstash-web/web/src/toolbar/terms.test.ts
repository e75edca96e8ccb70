import { expect, test } from "vitest";
import { join, part, spoken } from "./terms";

test("filters become chips, words stay text", () => {
  expect(part('fox model:flux1-dev "in the snow" -lora:"winter film" score:>=4')).toEqual({
    chips: ["model:flux1-dev", '-lora:"winter film"', "score:>=4"],
    text: 'fox "in the snow"',
  });
});

test("half a filter is still text", () => {
  expect(part("model: fox")).toEqual({ chips: [], text: "model: fox" });
});

test("what stands between OR keeps its place", () => {
  for (const q of ["fox OR model:flux score:5", "model:a AND b", "NOT model:a b"])
    expect(part(q)).toEqual({ chips: [], text: q });
});

test("joined again it is the same query", () => {
  for (const q of ["", "score:5", "score:5 fox snow", 'a:"b c" d']) expect(join(part(q))).toBe(q);
});

test("a chip reads like words", () => {
  expect(spoken('-lora:"winter film"')).toBe("not lora:winter film");
});
