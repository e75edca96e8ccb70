import { describe, expect, it } from "vitest";
import { bare, removable, split } from "./terms";

describe("split", () => {
  it("keeps quotes and parentheses together", () => {
    expect(split('  model:flux lora:"winter film"  overlap(set:3, set:5) "old man"')).toEqual([
      "model:flux",
      'lora:"winter film"',
      "overlap(set:3, set:5)",
      '"old man"',
    ]);
  });

  it("knows an escaped quote, and bears one that never ends", () => {
    expect(split('name:"a \\" b" x')).toEqual(['name:"a \\" b"', "x"]);
    expect(split('name:"a b')).toEqual(['name:"a b']);
    expect(split("a) b")).toEqual(["a)", "b"]);
  });
});

describe("removable", () => {
  it("says what is left without each filter", () => {
    expect(removable("score:>=4 is:scrapheap -model:x sort:-score")).toEqual([
      { term: "score:>=4", without: "is:scrapheap -model:x sort:-score" },
      { term: "-model:x", without: "score:>=4 is:scrapheap sort:-score" },
    ]);
  });

  it("leaves no cutoff without what is ranked", () => {
    expect(removable("like:picture:7 score:3 likeness:>=0.6").map(({ without }) => without)).toEqual([
      "score:3",
      "like:picture:7 likeness:>=0.6",
      "like:picture:7 score:3",
    ]);
  });

  it("keeps the place and the order when all are removed", () => {
    expect(bare("score:>=4 is:scrapheap sort:-score")).toBe("is:scrapheap sort:-score");
    expect(bare("fox")).toBe("");
  });
});
