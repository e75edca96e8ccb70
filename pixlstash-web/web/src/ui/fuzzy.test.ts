import { expect, test } from "vitest";
import { fold } from "./fold";
import { match } from "./fuzzy";

const ranked = (typed: string, texts: readonly string[]) =>
  texts
    .map((text) => ({ text, score: match(fold(text), fold(typed)) }))
    .filter(({ score }) => score !== null)
    .sort((a, b) => (b.score as number) - (a.score as number))
    .map(({ text }) => text);

test("letters in their order, with gaps", () => {
  expect(match("rotate right", "rtr")).not.toBeNull();
  expect(match("rotate right", "rrx")).toBeNull();
  expect(match("abc", "abcd")).toBeNull();
  expect(match("anything", "")).toBe(0);
});

test("beginnings of words first, then letters that stand together, then the shorter text", () => {
  expect(ranked("rr", ["Rotate right", "Arrange", "Mirror"])[0]).toBe("Rotate right");
  expect(ranked("dup", ["Descriptions, up to date", "Duplicates"])[0]).toBe("Duplicates");
  expect(ranked("set", ["Settings", "Reset", "Set"])).toEqual(["Set", "Settings", "Reset"]);
});

test("without case and accents", () => {
  expect(ranked("zoe", ["Zoë"])).toEqual(["Zoë"]);
});
