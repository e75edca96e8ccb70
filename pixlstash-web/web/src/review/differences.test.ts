import { expect, test } from "vitest";
import type { PictureDetail, ShownFact } from "../api/schema";
import { differences } from "./differences";

const fact = (name: string, value: string): ShownFact => ({
  group: "Generation",
  name,
  label: name,
  value,
  query: null,
});
const card = (facts: ShownFact[], size = 1000) =>
  ({ facts, width: 64, height: 48, format: "png", size }) as PictureDetail;

test("only what differs is listed", () => {
  const one = card([fact("cfg", "4"), fact("model", "x"), fact("seed", "1")]);
  const other = card([fact("cfg", "3.5"), fact("model", "x"), fact("seed", "2"), fact("lora", "a"), fact("lora", "b")]);
  expect(differences([one, other], 9)).toEqual([
    { label: "cfg", values: ["4", "3.5"] },
    { label: "lora", values: ["", "a, b"] },
  ]);
  expect(differences([one, card([], 2000)], 2).map(({ label }) => label)).toEqual(["cfg", "model"]);
});

test("nothing is compared with nothing", () => {
  expect(differences([card([])], 9)).toEqual([]);
  expect(differences([card([fact("cfg", "4")]), null], 9)).toEqual([]);
});
