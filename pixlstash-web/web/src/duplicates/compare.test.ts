import { expect, test } from "vitest";
import type { PictureDetail } from "../api/schema";
import { compare, ownWords } from "./compare";

function card(id: number, more: Partial<PictureDetail>): PictureDetail {
  return { id, format: "png", width: 10, height: 10, size: 100, score: 0, prompt: null, ...more } as PictureDetail;
}

test("only differences are listed, and the best of each is marked", () => {
  const rows = compare([card(1, { width: 20, score: 3 }), card(2, {})], (id) => (id === 2 ? ["Trip"] : []));
  expect(rows.get(1)?.map(({ label, best }) => [label, best])).toEqual([
    ["Pixels", true],
    ["Score", true],
    ["Sets", false],
  ]);
  expect(rows.get(2)?.map(({ value }) => value)).toEqual(["10 × 10", "–", "Trip"]);
});

test("the words of a prompt that the others lack", () => {
  expect(ownWords(["a red cat, night", "a red dog"])).toEqual(["cat night", "dog"]);
  expect(ownWords(["same", "same"])).toEqual(["", ""]);
});
