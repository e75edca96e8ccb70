import { expect, test } from "vitest";
import { isLike, type Like, likened, meaning, readLike, weightOf, writeLike } from "./likes";

test.each<[string, Like]>([
  ["like:picture:7", { by: "like", source: "picture", value: "7", weight: 1 }],
  ["like:picture:7*0.5", { by: "like", source: "picture", value: "7", weight: 0.5 }],
  ["like:upload:aB-_9*2", { by: "like", source: "upload", value: "aB-_9", weight: 2 }],
  ["like:character:4", { by: "like", source: "character", value: "4", weight: 1 }],
  ['like:"snow at dusk"', { by: "like", source: "words", value: "snow at dusk", weight: 1 }],
  ['like:"snow at dusk*0.3"', { by: "like", source: "words", value: "snow at dusk", weight: 0.3 }],
  ["like:snow", { by: "like", source: "words", value: "snow", weight: 1 }],
  ["face:12", { by: "face", source: "face", value: "12", weight: 1 }],
  ["face:picture:3", { by: "face", source: "picture", value: "3", weight: 1 }],
])("%s is read, and written the same", (term, like) => {
  expect(readLike(term)).toEqual(like);
  expect(writeLike(like)).toBe(term);
});

test("what is something else is left alone", () => {
  expect([isLike("set:3"), isLike("likeness:>=0.5"), isLike("fox")]).toEqual([false, false, false]);
});

test("words that look like a source or a weight stay words", () => {
  for (const value of ["set:3", "a*2", "picture:7 of snow"]) {
    const like: Like = { by: "like", source: "words", value, weight: 1 };
    expect(readLike(writeLike(like))).toEqual(like);
  }
});

test("likes take the place of those before, or come beside them", () => {
  const like: Like = { by: "like", source: "picture", value: "9", weight: 1 };
  expect(likened("set:3 like:picture:7 score:5", [like], false)).toBe("set:3 score:5 like:picture:9");
  expect(likened("set:3 like:picture:7", [like], true)).toBe("set:3 like:picture:7 like:picture:9");
  expect(likened("like:picture:9", [like], true)).toBe("like:picture:9");
  expect(meaning('  old "man"  by a river ')).toBe('like:"old man by a river"');
  expect(meaning("  ")).toBe("");
});

test("weights", () => {
  expect([weightOf("0,5"), weightOf("2"), weightOf("0"), weightOf("x"), weightOf("12")]).toEqual([
    0.5,
    2,
    null,
    null,
    null,
  ]);
});
