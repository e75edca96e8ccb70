import { describe, expect, test } from "vitest";
import { GAP, Layout, ratio, type Shape, type Table } from "./layout";

/** Repeatable numbers in [0, 1). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function shape(count: number, seed = 1): Shape {
  const next = dice(seed);
  return { count, aspects: Uint8Array.from({ length: count }, () => 60 + Math.floor(next() * 150)), rows: null };
}

const tables: Table[] = [
  { mode: "justified", width: 1144, size: 200 },
  { mode: "justified", width: 382, size: 112 },
  { mode: "justified", width: 382, size: 400 },
  { mode: "justified", width: 3000, size: 80 },
  { mode: "square", width: 1144, size: 200 },
  { mode: "square", width: 100, size: 400 },
];

describe.each(tables)("$mode, $width wide, size $size", (table) => {
  test.each([0, 1, 2, 7, 1500])("%i pictures: each once, in order, rows full, nothing overlaps", (count) => {
    const layout = Layout.of(shape(count), table);
    let index = 0;
    let bottom = 0;
    for (let row = 0; row < layout.rows; row++) {
      const boxes = layout.row(row);
      expect(boxes.length).toBeGreaterThan(0);
      expect(boxes[0]?.top).toBe(bottom + GAP);
      let right = 0;
      for (const box of boxes) {
        expect(box).toMatchObject({ index, row, left: right + GAP });
        expect(box.width).toBeGreaterThan(0);
        expect(box.height).toBeGreaterThan(0);
        right = box.left + box.width;
        bottom = box.top + box.height;
        index += 1;
      }
      if (row < layout.rows - 1) expect(right).toBe(GAP + table.width);
      else expect(right).toBeLessThanOrEqual(GAP + table.width);
    }
    expect(index).toBe(count);
    expect(layout.height).toBe(bottom + GAP);
  });

  test("every picture and every height is found again", () => {
    const layout = Layout.of(shape(3000, 9), table);
    for (let index = 0; index < 3000; index += 7) {
      const box = layout.box(index);
      expect(box?.index).toBe(index);
      expect(layout.rowAt(box?.top ?? -1)).toBe(box?.row);
      expect(layout.rowAt((box?.top ?? 0) + (box?.height ?? 0))).toBe(box?.row);
    }
    expect(layout.rowAt(-50)).toBe(0);
    expect(layout.rowAt(1e12)).toBe(layout.rows - 1);
  });
});

test("justified rows stay near the wished height", () => {
  const layout = Layout.of(shape(20_000, 3), { mode: "justified", width: 1144, size: 200 });
  const heights = Array.from({ length: layout.rows - 1 }, (_, row) => layout.heightOf(row));
  expect(Math.min(...heights)).toBeGreaterThan(120);
  expect(Math.max(...heights)).toBeLessThan(330);
  const mean = heights.reduce((sum, one) => sum + one, 0) / heights.length;
  expect(Math.abs(mean - 200)).toBeLessThan(15);
});

test("what has left takes no room", () => {
  const all = shape(1000, 5);
  const rows = Uint32Array.from({ length: 1000 }, (_, i) => i).filter((i) => i % 3 !== 0);
  const kept = Uint8Array.from(rows, (i) => all.aspects[i] as number);
  const table: Table = { mode: "justified", width: 900, size: 150 };
  const left = Layout.of({ count: rows.length, aspects: all.aspects, rows }, table);
  const same = Layout.of({ count: kept.length, aspects: kept, rows: null }, table);
  expect(left.height).toBe(same.height);
  expect(left.row(11)).toEqual(same.row(11));
});

test("going down a row keeps the column", () => {
  const layout = Layout.of(shape(200, 2), { mode: "square", width: 1000, size: 100 });
  const box = layout.box(4);
  expect(layout.nearest(1, (box?.left ?? 0) + (box?.width ?? 0) / 2)).toBe(layout.startOf(1) + 4);
});

test("the aspect byte is true to 0.73 %", () => {
  for (const true_ratio of [0.25, 0.5625, 0.75, 1, 1.333, 1.778, 2.35]) {
    const q = Math.round(128 + 48 * Math.log2(true_ratio));
    expect(Math.abs(ratio(q) / true_ratio - 1)).toBeLessThan(0.0073);
  }
});

test("a million pictures are laid out within a few frames", () => {
  const million = shape(1_000_000, 4);
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    Layout.of(million, { mode: "justified", width: 1144, size: 200 });
    return performance.now() - start;
  });
  // 20 ms on an idle machine; the bound is what a busy one must keep
  expect(times.toSorted((a, b) => a - b)[2]).toBeLessThan(150);
});
