import { expect, test } from "vitest";
import type { PictureTag, TagState } from "../api/schema";
import { columns, moved, queryOfTag } from "./tagColumns";

const tag = (name: string, state: TagState, confidence: number | null = null): PictureTag => ({
  id: 1,
  name,
  category: "",
  state,
  effective: state !== "rejected",
  confidence,
  engines: confidence === null ? [] : [{ engine: "wd", confidence, above: confidence > 0.3 }],
});

test("in their columns, the most certain first", () => {
  const all = [
    tag("window", "suggested", 0.74),
    tag("flask", "suggested", 0.83),
    tag("print", "yours"),
    tag("archive", "yours"),
    tag("sky", "implied"),
    tag("1girl", "accepted", 0.96),
    tag("dog", "rejected", 0.5),
    tag("cat", "unsure", 0.1),
  ];
  const found = columns(all);
  expect(found.yours.map(({ name }) => name)).toEqual(["archive", "print"]);
  expect(found.accepted.map(({ name }) => name)).toEqual(["1girl", "sky"]);
  expect(found.suggested.map(({ name }) => name)).toEqual(["flask", "window"]);
});

test("what becomes of a tag that is decided on", () => {
  const flask = tag("flask", "suggested", 0.83);
  const print = tag("print", "yours");
  expect(moved([flask, print], flask, "accept")[0]?.state).toBe("accepted");
  expect(moved([flask, print], flask, "reject")[0]?.state).toBe("rejected");
  expect(moved([flask, print], print, "remove")).toEqual([flask]);
  expect(moved([{ ...flask, state: "rejected" }], flask, "add")[0]?.state).toBe("accepted");
});

test("a tag is found by its name, whatever is in it", () => {
  expect(queryOfTag("1girl")).toBe("tag:1girl");
  expect(queryOfTag("looking at viewer")).toBe('tag:"looking at viewer"');
  expect(queryOfTag("saber_(fate)")).toBe('tag:"saber_(fate)"');
});
