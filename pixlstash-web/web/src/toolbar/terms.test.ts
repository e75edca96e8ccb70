import { expect, test } from "vitest";
import { composed, isPlain, join, part, spoken } from "./terms";

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

test("words alone can be searched by what they mean", () => {
  expect(["old man", "fox score:5", "score:5", "fox OR hare", "", "(fox)"].map(isPlain)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test("beside something to be like, words are so too", () => {
  const chips = ["score:5", "like:picture:7"];
  expect(composed({ chips, text: "snow at dusk" })).toBe('score:5 like:picture:7 like:"snow at dusk"');
  expect(composed({ chips, text: "snow is:video" })).toBe("score:5 like:picture:7 is:video like:snow");
  expect(composed({ chips, text: "fox OR hare" })).toBe("score:5 like:picture:7 fox OR hare");
  expect(composed({ chips: ["score:5"], text: "snow" })).toBe("score:5 snow");
});
