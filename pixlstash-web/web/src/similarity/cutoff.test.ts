import { expect, test } from "vitest";
import { readCutoff, withCutoff } from "./cutoff";

test.each<[string, number | null]>([
  ["likeness:>=0.6", 0.6],
  ["likeness:>.5", 0.5],
  ["likeness:80%", 0.8],
  ["likeness:1", 1],
  ["likeness:2", null],
  ["likeness:x", null],
  ["like:picture:7", null],
])("%s", (term, least) => expect(readCutoff(term)).toBe(least));

test("there is one cutoff at most", () => {
  expect(withCutoff(["like:picture:7", "likeness:>0.5", "score:3"], 0.65)).toEqual([
    "like:picture:7",
    "score:3",
    "likeness:>=0.65",
  ]);
  expect(withCutoff(["like:picture:7", "likeness:>=0.65"], 0)).toEqual(["like:picture:7"]);
});
