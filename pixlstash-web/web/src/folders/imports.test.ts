import { expect, test } from "vitest";
import type { ImportFolder } from "../api/schema";
import { chosenMeaning, draftOf, emptyRule, imported, optionsOf, trouble, withMeaning } from "./imports";

const folder: ImportFolder = {
  id: 1,
  name: "inbox",
  path: "/inbox",
  state: "ok",
  problem: "",
  imported: 3,
  refused: 2,
  left: 1,
  problems: [],
  watch: true,
  watching: "live",
  note: "",
  scanned: null,
  delete: true,
  subfolders: "tags",
  rules: [
    { below: "a", tags: ["x", "y"], set: null, project: 2 },
    { below: "", tags: ["z"], set: 1, project: null },
  ],
  ignore: ["*.tmp", "drafts"],
  captions: [{ suffix: ".caption", means: "description" }],
  job: null,
};

test("a form has the rule for all pictures first, and nothing is lost on the way", () => {
  const draft = draftOf(folder);
  expect(draft.rules.map(({ below, tags }) => [below, tags])).toEqual([
    ["", "z"],
    ["a", "x, y"],
  ]);
  const options = optionsOf(draft);
  expect(options).toEqual({
    delete: true,
    subfolders: "tags",
    ignore: ["*.tmp", "drafts"],
    rules: [folder.rules[1], folder.rules[0]],
    captions: folder.captions,
  });
});

test("empty rules are left out", () => {
  const draft = draftOf();
  expect(optionsOf(draft)).toEqual({ delete: false, subfolders: "nothing", ignore: [], rules: [], captions: [] });
  draft.rules.push({ ...emptyRule(), below: "a" }, { ...emptyRule(), below: " b ", tags: " , fox,," });
  expect(optionsOf(draft).rules).toEqual([{ below: "b", tags: ["fox"], set: null, project: null }]);
});

test("problems are counted", () => {
  expect(imported(folder)).toBe("Watched live · files are deleted after import · not scanned yet");
  expect(trouble(folder)).toBe("2 files refused, 1 not deleted");
  expect(trouble({ ...folder, refused: 0, left: 0 })).toBe("");
});

test("a choice replaces the one before, or ends it", () => {
  const rules = withMeaning(folder.captions, "_tags.txt", "tags");
  expect(chosenMeaning(rules, "_tags.txt")).toBe("tags");
  expect(withMeaning(rules, "_tags.txt", "ignore")).toEqual([
    ...folder.captions,
    { suffix: "_tags.txt", means: "ignore" },
  ]);
  expect(withMeaning(rules, ".caption", "")).toEqual([{ suffix: "_tags.txt", means: "tags" }]);
  expect(chosenMeaning(rules, ".txt")).toBe("");
});
