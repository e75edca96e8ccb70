import { expect, test } from "vitest";
import { asking, days, millions, numbers, rangeOf, units, within } from "./ranges";

test.each([
  ["megapixels:>=2", "2", ""],
  ["megapixels:<=8", "", "8"],
  ["megapixels:2..8", "2", "8"],
  ["megapixels:>=2 river megapixels:<=8", "2", "8"],
  ["megapixels:4", "4", "4"],
  ["-megapixels:4", "", ""],
  ["megapixels:<4", "", ""],
])("numbers of %s", (query, low, high) => {
  expect(rangeOf(query, "megapixels", numbers)).toEqual({ low, high });
});

test.each([
  ["created:2026", "2026-01-01", "2026-12-31"],
  ["created:2024-02", "2024-02-01", "2024-02-29"],
  ["created:>=2026-05", "2026-05-01", ""],
  ["created:>2026-05", "2026-06-01", ""],
  ["created:<2026", "", "2025-12-31"],
  ["created:<=2026-05-03", "", "2026-05-03"],
  ["created:2026-01..2026-03", "2026-01-01", "2026-03-31"],
  ["created:..2020", "", "2020-12-31"],
  ["created:7d", "", ""],
  ["created:>2026-13", "", ""],
])("days of %s", (query, low, high) => {
  expect(rangeOf(query, "created", days)).toEqual({ low, high });
});

test.each([
  ["river", { low: "2", high: "" }, "river size:>=2"],
  ["size:>=2 river", { low: "2", high: "4" }, "size:2..4 river"],
  ["size:>=2 river size:<=9", { low: "", high: "4" }, "size:<=4 river"],
  ["size:2..4 river", { low: "", high: "" }, "river"],
  ["a OR b", { low: "2", high: "" }, "(a OR b) size:>=2"],
])("%s within %o", (query, range, expected) => {
  expect(within(query, "size", range)).toBe(expected);
});

test("one condition in the place of another", () => {
  expect(asking("created:2026 river", "created", "7d")).toBe("created:7d river");
});

test("millions are what people type", () => {
  expect(units("2.5")).toBe("2500000");
  expect(millions("2500000")).toBe("2.5");
  expect(units("") + millions("")).toBe("");
});
