import { expect, test } from "vitest";
import { changed, faultOf, fieldsOf, numberOf, type Schema, spelled, stepOf } from "./fields";

const form: Schema = {
  type: "object",
  properties: {
    top: { type: "integer", minimum: 1, maximum: 8, title: "Colours", description: "How many", default: 3 },
    share: { type: "number", minimum: 0, maximum: 1, "x-touches": "run" },
    most: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] },
    padding: { enum: ["edge", "white"] },
    kinds: { type: "array", items: { enum: ["a", "b"] } },
    never_say: { type: "array", items: { type: "string" } },
    size: { $ref: "#/$defs/Size" },
    key: { type: "string", format: "password", writeOnly: true, "x-touches": "load" },
    on: { type: "boolean" },
    odd: { type: "object" },
  },
  $defs: { Size: { title: "Size", enum: ["small", "large"] } },
};
const of = (name: string) => fieldsOf(form).find((one) => one.name === name) ?? expect.fail(name);

test("each setting has a field of its kind, in the order of the form", () => {
  expect(fieldsOf(form).map(({ kind }) => kind)).toEqual(
    "number number number choice choices words choice secret switch json".split(" "),
  );
  expect(of("top")).toMatchObject({ label: "Colours", hint: "How many", min: 1, max: 8, whole: true, remakes: true });
  expect(of("most")).toMatchObject({ nullable: true, min: 1, max: null, whole: true });
  expect(of("size").options).toEqual(["small", "large"]);
  expect(of("never_say").label).toBe("Never say");
  expect([of("share").remakes, of("key").remakes, of("padding").remakes]).toEqual([false, false, true]);
});

test("a slider has some fifty steps, a whole number goes by ones", () => {
  expect(stepOf(of("top"))).toBe(1);
  expect(stepOf(of("share"))).toBeCloseTo(0.01);
});

test("numbers as people type them", () => {
  const any = { whole: false, nullable: false };
  expect(numberOf(" 0,5 ", any)).toBe(0.5);
  expect([numberOf("x", any), numberOf("", any), numberOf("1.5", { ...any, whole: true })]).toEqual(
    Array(3).fill(undefined),
  );
  expect(numberOf("", { ...any, nullable: true })).toBeNull();
});

test("what the server finds wrong is said at its field", () => {
  expect(faultOf("The settings of x are not as they should be: Expected `int` <= 8 - at `$.top`.")).toEqual({
    field: "top",
    text: "Expected int <= 8",
  });
  expect(faultOf("Expected `str`, got `int` - at `$.never_say[0]`.").field).toBe("never_say");
  expect(faultOf("The disk is full.")).toEqual({ field: null, text: "The disk is full." });
});

test("names read like words, and only what differs is a change", () => {
  expect([spelled("max_new_tokens"), spelled("topK")]).toEqual(["Max new tokens", "Top k"]);
  expect(changed({ a: [1], b: 2 }, { a: [1], b: 3, c: null })).toEqual(["b", "c"]);
});
