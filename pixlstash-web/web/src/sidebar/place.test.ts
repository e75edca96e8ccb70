import { expect, test } from "vitest";
import { based, partOf, placeOf, queryOf, toggled, valueOf } from "./place";

test("an entry alone, and narrowed", () => {
  expect(placeOf("set:3")).toEqual({ parts: ["set:3"], operation: "union", rest: "" });
  expect(placeOf("score:>=4 set:3 fox")).toEqual({ parts: ["set:3"], operation: "union", rest: "score:>=4 fox" });
  expect(placeOf("fox -set:3")).toEqual({ parts: [], operation: "union", rest: "fox -set:3" });
});

test("several combined", () => {
  const place = placeOf('difference(set:3, query:"a, (b", character:"Ann") score:5');
  expect(place).toEqual({
    parts: ["set:3", 'query:"a, (b"', "character:Ann"],
    operation: "difference",
    rest: "score:5",
  });
  expect(placeOf("union (set:3,set:4)").parts).toEqual(["set:3", "set:4"]);
  expect(queryOf(place)).toBe('difference(set:3, query:"a, (b", character:Ann) score:5');
});

test("what is no entry is no place", () => {
  for (const q of ["union(tag:a, set:3)", "set:3 OR set:4", "NOT set:3", "(set:3)", "union()", "set:"])
    expect(placeOf(q)).toEqual({ parts: [], operation: "union", rest: q });
});

test("names survive quoting", () => {
  for (const name of ["3", "to sort", 'a "b" \\ c', "união", "x,y", "(z)"])
    expect(valueOf(partOf("query", name))).toBe(name);
  expect(placeOf(`overlap(${partOf("query", 'a "b" \\ c')}, set:1)`).parts).toEqual([
    partOf("query", 'a "b" \\ c'),
    "set:1",
  ]);
});

test("one more, one less, another base", () => {
  const place = toggled(toggled(placeOf("set:1 fox"), "set:2"), "project:3");
  expect(queryOf(place)).toBe("union(set:1, set:2, project:3) fox");
  expect(queryOf(based({ ...place, operation: "difference" }, "project:3"))).toBe(
    "difference(project:3, set:1, set:2) fox",
  );
  expect(queryOf(toggled(toggled(place, "set:1"), "set:2"))).toBe("project:3 fox");
});
