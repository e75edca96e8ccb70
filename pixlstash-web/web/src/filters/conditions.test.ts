import { expect, test } from "vitest";
import {
  answer,
  answered,
  asked,
  changed,
  choose,
  chosen,
  cleared,
  conditionsOf,
  same,
  without,
  written,
} from "./conditions";

test.each([
  ["", []],
  ["river  score:>=4 sort:-score", ["river", "score:>=4"]],
  ["river AND NOT is:moving", ["river", "-is:moving"]],
  ["river OR harbour sort:name", ["(river OR harbour)"]],
  ["union (set:3, set:5) river", ["union(set:3, set:5)", "river"]],
])("%s is so many conditions", (query, expected) => {
  expect(conditionsOf(query)).toEqual(expected);
});

test("an order is no condition, and stays last", () => {
  expect(changed("sort:-score river", (all) => [...all, "score:5"])).toBe("river score:5 sort:-score");
});

test.each([
  ['-lora:"winter film"', { no: true, name: "lora", value: "winter film" }],
  ["model:=flux1-dev", { no: false, name: "model", value: "=flux1-dev" }],
  ['title:"say \\"no\\""', { no: false, name: "title", value: 'say "no"' }],
  ["river", null],
  ["(a OR b)", null],
])("%s asks", (condition, expected) => {
  expect(asked(condition)).toEqual(expected);
  if (expected) expect(asked(written(expected))).toEqual(expected);
});

test("quotes and case make no difference", () => {
  expect(same('model:="flux1-dev"', "model:=Flux1-dev")).toBe(true);
  expect(same("model:flux1-dev", "model:=flux1-dev")).toBe(false);
});

test.each([
  ["river", "format:=PNG", "river format:=PNG"],
  ["format:=PNG river", "format:=JPEG", "(format:=PNG OR format:=JPEG) river"],
  ["(format:=PNG OR format:=JPEG) river", "format:=WebP", "(format:=PNG OR format:=JPEG OR format:=WebP) river"],
  ["(format:=PNG OR format:=JPEG) river", "format:=PNG", "format:=JPEG river"],
  ["format:=PNG river", "format:=PNG", "river"],
  ["lora:a lora:b", "lora:c", "lora:a lora:b lora:c"],
  ["lora:a lora:b", "lora:a", "lora:b"],
  ["a OR b", "format:=PNG", "(a OR b) format:=PNG"],
  ["-format:=GIF", "format:=PNG", "-format:=GIF format:=PNG"],
])("%s with or without %s", (query, condition, expected) => {
  expect(choose(query, condition)).toBe(expected);
});

test("what is let through of a name, and all of it again", () => {
  const query = "(format:=PNG OR format:=JPEG) -format:=GIF score:5";
  expect(chosen(query, "format")).toEqual(["format:=PNG", "format:=JPEG"]);
  expect(cleared(query, "format")).toBe("-format:=GIF score:5");
  expect(chosen("(format:=PNG OR score:5)", "format")).toEqual([]);
});

test.each([true, false, null] as const)("a yes and no turns %s in its place", (to) => {
  const expected = { true: "a is:moving b", false: "a -is:moving b", null: "a b" }[String(to)];
  for (const query of ["a is:moving b", "a -is:moving b"]) expect(answered(query, "is:moving", to)).toBe(expected);
  expect(answer(String(expected), "is:moving")).toBe(to);
});

test("one chip less", () => {
  expect(without("a score:5 b", "score:5")).toBe("a b");
  expect(without("a OR b", "(a OR b)")).toBe("");
});
