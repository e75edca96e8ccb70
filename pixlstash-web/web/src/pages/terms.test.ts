import { describe, expect, it } from "vitest";
import { bare, liftable, split } from "./terms";

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

describe("liftable", () => {
  it("says what is left without each filter", () => {
    expect(liftable("score:>=4 is:scrapheap -model:x sort:-score")).toEqual([
      { term: "score:>=4", without: "is:scrapheap -model:x sort:-score" },
      { term: "-model:x", without: "score:>=4 is:scrapheap sort:-score" },
    ]);
  });

  it("keeps the place and the order when all are lifted", () => {
    expect(bare("score:>=4 is:scrapheap sort:-score")).toBe("is:scrapheap sort:-score");
    expect(bare("fox")).toBe("");
  });
});
