import { describe, expect, test } from "vitest";
import { Frozen } from "./frozen";
import { View } from "./view";

/** An answer of the server with `count` pictures whose ids are 1000, 1001, … and whose scores are their place mod 6. */
function answer(count: number, sections = [{ label: "2026-11", start: 0 }]): ArrayBuffer {
  const fields = { view: "k", revision: 7, count, at_index: null, at_block: 0, thumbnails: "1", query: "", sort: "" };
  let json = JSON.stringify({ ...fields, sections });
  while ((4 + json.length) % 4) json += " ";
  const aspects = (count + 3) & ~3;
  const n = Math.min(2048, count);
  const data = new ArrayBuffer(4 + json.length + aspects + 8 * n);
  new DataView(data).setUint32(0, json.length, true);
  new Uint8Array(data, 4).set(new TextEncoder().encode(json));
  new Uint8Array(data, 4 + json.length, count).fill(128);
  const start = 4 + json.length + aspects;
  for (let i = 0; i < n; i++) {
    new DataView(data).setUint32(start + 4 * i, 1000 + i, true);
    new DataView(data).setUint16(start + 4 * n + 2 * i, 0xf800, true);
    new DataView(data).setUint8(start + 6 * n + i, (i % 6) | 8);
    new DataView(data).setUint8(start + 7 * n + i, i % 2);
  }
  return data;
}

const view = (count: number) => View.of(Frozen.decode(answer(count)));
const ids = (of: View) => Array.from({ length: of.count }, (_, i) => of.idAt(i));

test.each([0, 1, 5, 4099])("an answer with %i pictures is read", (count) => {
  const of = view(count);
  expect(of.count).toBe(count);
  expect(of.key).toBe("k");
  if (!count) return;
  expect(of.idAt(0)).toBe(1000);
  expect(of.flagsAt(0)).toBe(8);
  expect(of.ratioAt(count - 1)).toBe(1);
  expect(of.colourAt(0)).toBe("rgb(255 0 0)");
  expect(of.indexOf(1000)).toBe(0);
  expect(of.indexOf(5)).toBe(-1);
  expect(of.idAt(count)).toBeUndefined();
  expect(of.idAt(-1)).toBeUndefined();
  if (count > 2048) expect(of.idAt(2048)).toBeUndefined();
});

test("an answer that was cut short is refused", () => {
  expect(() => Frozen.decode(answer(500).slice(0, 900))).toThrow(RangeError);
});

describe("pictures that leave", () => {
  const all = view(10);
  const some = all.with(
    [
      [2, 4],
      [7, 8],
    ],
    false,
  );

  test("are not counted, and indices close up", () => {
    expect(ids(some)).toEqual([1000, 1001, 1004, 1005, 1006, 1008, 1009]);
    expect(some.indexOf(1008)).toBe(5);
    expect(some.indexOf(1002)).toBe(-1);
    expect(some.after(2)).toBe(2);
    expect(some.after(9)).toBe(6);
    expect(ids(all).length).toBe(10);
  });

  test("ranges still name the right places to the server", () => {
    expect(some.places([[1, 6]])).toEqual([
      [1, 2],
      [4, 7],
      [8, 9],
    ]);
    expect(all.places([[1, 6]])).toEqual([[1, 6]]);
  });

  test("come back where they were", () => {
    expect(ids(some.with([[2, 3]], true))).toEqual([1000, 1001, 1002, 1004, 1005, 1006, 1008, 1009]);
    const back = some.with([[0, 10]], true);
    expect(back.rows).toBeNull();
    expect(back.count).toBe(10);
  });

  test("take empty sections along", () => {
    const sections = [
      { label: "a", start: 0 },
      { label: "b", start: 2 },
      { label: "c", start: 4 },
    ];
    const of = View.of(Frozen.decode(answer(10, sections)));
    expect(of.with([[2, 4]], false).sections()).toEqual([
      { label: "a", start: 0 },
      { label: "c", start: 2 },
    ]);
  });
});

describe("scores painted before the server knows", () => {
  const score = (of: View, i: number) => (of.flagsAt(i) ?? 0) & 7;

  test("show at once and keep the other flags", () => {
    const of = view(20);
    of.frozen.patch([[3, 6]], 5);
    expect([2, 3, 4, 5, 6].map((i) => score(of, i))).toEqual([2, 5, 5, 5, 0]);
    expect(of.flagsAt(4)).toBe(5 | 8);
  });

  test("taken back, each picture has the score it had", () => {
    const of = view(20);
    const patch = of.frozen.patch([[0, 20]], 3);
    of.frozen.revert(patch);
    expect([0, 1, 2, 3, 4, 5, 6].map((i) => score(of, i))).toEqual([0, 1, 2, 3, 4, 5, 0]);
    of.frozen.repaint(patch);
    expect(score(of, 0)).toBe(3);
  });

  test("taken back late, what was painted over them since stays", () => {
    const of = view(20);
    const first = of.frozen.patch([[0, 4]], 3);
    of.frozen.patch([[1, 2]], 5);
    of.frozen.revert(first);
    expect([0, 1, 2].map((i) => score(of, i))).toEqual([0, 5, 2]);
  });
});
