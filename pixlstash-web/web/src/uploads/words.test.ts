import { describe, expect, it } from "vitest";
import type { Archive } from "../api/schema";
import { TransferSpeed } from "./speed";
import type { Item } from "./uploads.svelte";
import { grouped, pace, report, sorted, standing, summary, totals, unpacked } from "./words";

const plain = (text: string) => text.replace(/[\u2009\u00a0\u202f]/g, " ");
let keys = 0;

function item(state: Item["state"], change: Partial<Item> = {}): Item {
  const key = ++keys;
  return {
    key,
    path: `${key}.png`,
    size: 1000,
    sent: 0,
    here: 0,
    state,
    reason: null,
    picture: null,
    archive: null,
    ...change,
  };
}

const zip: Archive = {
  upload: "z",
  finished: true,
  files: 6,
  imported: 3,
  duplicates: 1,
  refused: 2,
  results: [],
};

describe("summary", () => {
  it("counts what is in a zip file, not the file", () => {
    expect(summary([item("imported"), item("archive", { archive: zip })])).toBe(
      "4 pictures added, 1 here already, 2 refused",
    );
  });

  it("leaves out what did not happen", () => {
    expect(summary([item("imported")])).toBe("1 picture added");
    expect(summary([item("scrapheaped"), item("restored"), item("failed"), item("cancelled")])).toBe(
      "2 here already, 1 failed, 1 cancelled",
    );
    expect(summary([])).toBe("0 pictures added");
  });
});

describe("standing", () => {
  it("says how far, and why not", () => {
    expect(plain(standing(item("sending", { sent: 500 })))).toBe("500 B of 1.00 kB");
    expect(standing(item("refused", { reason: "It is a text file." }))).toBe("Refused: It is a text file.");
    expect(unpacked({ ...zip, finished: false, files: null })).toBe("Unpacking");
    expect(unpacked({ ...zip, finished: false })).toBe("Unpacking 6 of 6");
    expect(unpacked({ ...zip, imported: 0, duplicates: 0, refused: 0 })).toBe("There is nothing in it.");
  });

  it("has words for every state", () => {
    const states = ["queued", "waiting", "taking", "imported", "duplicate", "scrapheaped", "restored", "cancelled"];
    for (const state of states) expect(standing(item(state as Item["state"]))).not.toBe("");
  });
});

describe("totals", () => {
  it("leaves out what nobody waits for", () => {
    const going = (one: Item) => one.state === "sending";
    const items = [item("sending", { sent: 250 }), item("imported", { sent: 1000 }), item("cancelled", { sent: 10 })];
    const all = totals(items, going);
    expect(all).toEqual({ files: 3, done: 2, size: 2000, sent: 1250, here: 0 });
    expect(plain(pace(all, 250))).toBe("1.25 kB of 2.00 kB · 250 B/s · 3 s left");
    expect(plain(pace(all, 0))).toBe("1.25 kB of 2.00 kB");
  });
});

describe("sorted", () => {
  it("begins with what is going on or wants somebody, and ends with what went well", () => {
    const items = (["imported", "queued", "refused", "sending", "scrapheaped"] as const).map((state) => item(state));
    expect(sorted(items).map((one) => one.state)).toEqual(["sending", "refused", "scrapheaped", "queued", "imported"]);
  });
});

describe("TransferSpeed", () => {
  it("is that of the last five seconds, and forgets a rest", () => {
    const one = new TransferSpeed();
    for (let at = 0; at <= 10_000; at += 100) one.add(100_000, at);
    expect(one.speed(10_000)).toBeCloseTo(1_000_000, -5);
    expect(one.speed(20_000)).toBe(0);
    one.add(500_000, 60_000);
    expect(one.speed(60_500)).toBe(1_000_000);
  });

  it("does not count backwards", () => {
    const one = new TransferSpeed();
    one.add(1000, 0);
    one.add(-1000, 100);
    expect(one.speed(1000)).toBe(1000);
  });
});

describe("grouped", () => {
  it("keeps refusals apart by reason, and what is on its way together", () => {
    const items = [
      item("refused", { reason: "no picture" }),
      item("sending"),
      item("imported"),
      item("refused", { reason: "too large" }),
      item("queued"),
      item("refused", { reason: "no picture" }),
    ];
    expect(grouped(items).map(({ title, items }) => [title, items.length])).toEqual([
      ["In progress", 2],
      ["Refused: no picture", 2],
      ["Refused: too large", 1],
      ["Added", 1],
    ]);
    expect(report(items.slice(0, 1))).toBe(`Refused: no picture\t${items[0]?.path}`);
  });
});
