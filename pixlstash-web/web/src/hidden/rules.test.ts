import { describe, expect, it } from "vitest";
import { rulesOf, without, withTags } from "./rules";

describe("rulesOf", () => {
  it("splits at OR, and recognizes tags", () => {
    expect(rulesOf('tag:private OR tag:"red hair" OR model:flux score:0')).toEqual([
      { query: "tag:private", tag: "private" },
      { query: 'tag:"red hair"', tag: "red hair" },
      { query: "model:flux score:0", tag: null },
    ]);
    expect(rulesOf("  ")).toEqual([]);
  });

  it("leaves whole what is more than a tag", () => {
    for (const query of ["tag:cat>0.7", "tag:red_*", "-tag:a", "(tag:a OR tag:b) score:0", 'tag:"a" tag:b', "tag:=a"])
      expect(rulesOf(query)).toEqual([{ query, tag: null }]);
  });
});

describe("changing rules", () => {
  it("adds each tag once, in quotes where it needs them", () => {
    expect(withTags("", ["private", "red hair", "private"])).toBe('tag:private OR tag:"red hair"');
    expect(withTags("tag:private OR score:0", ["private", 'a"b'])).toBe('tag:private OR score:0 OR tag:"a\\"b"');
  });

  it("reads what it wrote", () => {
    const tags = ['a"b', "saber_(fate)", "a:b", "c\\d", "OR", "-x", "red*"];
    expect(rulesOf(withTags("", tags)).map(({ tag }) => tag)).toEqual(tags);
  });

  it("removes one", () => {
    const [first, second] = rulesOf("tag:a OR score:0 model:x OR tag:b");
    expect(without("tag:a OR score:0 model:x OR tag:b", second!)).toBe("tag:a OR tag:b");
    expect(without("tag:a", first!)).toBe("");
  });
});
