import { expect, test } from "vitest";
import { headings, labelOf, silhouette } from "./sections";

const months = ["2026-11", "2026-10", "2026-09", "2025-12", "2025-11"].map((label, n) => ({ label, start: n * 10 }));

test("the first month of a year says the year", () => {
  const all = headings(months, [0, 20, 40, 60, 80], 10);
  expect(all.map(({ text, strong }) => (strong ? text : "month"))).toEqual(["2026", "month", "month", "2025", "month"]);
});

test("where they do not fit, years stay and months go", () => {
  const all = headings(months, [0, 8, 16, 24, 32], 20);
  expect(all.map(({ top }) => top)).toEqual([0, 24]);
  const close = headings(months, [0, 10, 20, 30, 40], 9);
  expect(close.length).toBe(5);
});

test("a month is spelled out, anything else is left alone", () => {
  expect(labelOf("2026-11")).toContain("2026");
  expect(labelOf("4 stars")).toBe("4 stars");
});

test("the outline is widest where most pictures are", () => {
  const points = silhouette(
    [
      { label: "a", start: 0 },
      { label: "b", start: 10 },
    ],
    110,
    [0, 100],
    1000,
    500,
    0,
  );
  const [, , few, many] = points.split(" ").map((point) => Number(point.split(",")[0]));
  expect(many).toBe(15);
  expect(few).toBeGreaterThan(30);
  expect(silhouette([{ label: "a", start: 0 }], 5, [0], 100, 100, 0)).toBe("");
});
