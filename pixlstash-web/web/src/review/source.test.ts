import { expect, test } from "vitest";
import { packed, unpacked } from "./source";

test.each([[[7]], [[100, 101, 102, 40, 4_294_967_295, 1]]])("ids %j survive the address", (ids) => {
  expect(unpacked(packed(ids))).toEqual(ids);
});

test("neighbours are short, and nonsense ends the list", () => {
  expect(packed([83121, 83122, 83120])).toBe("1s4x.1.-2");
  expect(unpacked("a.1.-z.5")).toEqual([10, 11]);
  expect(unpacked("a.b c.1")).toEqual([10]);
  expect(unpacked("")).toEqual([]);
});
