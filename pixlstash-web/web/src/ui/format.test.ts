import { describe, expect, it } from "vitest";
import { ago, bytes, clock, counted, date, duration, moment, pixels, rate, visible } from "./format";

const plain = (text: string) => text.replace(/[\u2009\u00a0\u202f]/g, " ");

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [1_610_000, "1.61 MB"],
    [12_340_000, "12.3 MB"],
    [999_400, "999 kB"],
    [999_600, "1.00 MB"],
    [9_999, "10.0 kB"],
    [99_990, "100 kB"],
    [4.2e15, "4.20 PB"],
    [Number.NaN, "–"],
    [-1, "–"],
  ])("%d is %s", (n, text) => expect(plain(bytes(n))).toBe(text));
});

describe("counted", () => {
  it("says one and many", () => {
    expect(counted(1, "picture")).toBe("1 picture");
    expect(counted(0, "picture")).toBe("0 pictures");
    expect(counted(2, "entry", "entries")).toBe("2 entries");
  });

  it("groups digits", () => {
    expect(counted(1_234_567, "picture")).toMatch(/^1\D?234\D?567 pictures$/);
  });
});

describe("times", () => {
  it("names what is not a time", () => {
    expect(moment(null)).toBe("unknown");
    expect(moment("yesterday")).toBe("unknown");
    expect(date("0000-13-77")).toBe("unknown");
  });

  it("shows the year", () => {
    expect(moment("2026-11-21T10:00:00Z")).toContain("2026");
    expect(date("2026-11-21T10:00:00Z")).toContain("2026");
  });

  it("says how long ago, without zero minutes or sixty", () => {
    const now = Date.parse("2026-11-21T10:00:00Z");
    const before = (seconds: number) => ago(new Date(now - seconds * 1000).toISOString(), now);
    expect(before(3)).toBe("just now");
    expect(before(46)).toBe("1 min ago");
    expect(before(3569)).toBe("59 min ago");
    expect(before(3600)).toBe("1 h ago");
    expect(before(3 * 86_400)).toContain("2026");
    expect(ago("nonsense", now)).toBe("unknown");
  });
});

describe("duration", () => {
  it.each([
    [44.4, "44 s"],
    [59.6, "1 min"],
    [185, "3 min 5 s"],
    [3599, "1 h"],
    [7800, "2 h 10 min"],
    [86_400, "1 day"],
    [3 * 86_400, "3 days"],
    [Number.POSITIVE_INFINITY, "–"],
  ])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));
});

describe("rate", () => {
  it.each([
    [214.2, "214/s"],
    [3.42, "3.4/s"],
    [3, "3/s"],
    [0.2, "12/min"],
    [0.02, "1.2/min"],
    [0, "0/s"],
  ])("%d a second is %s", (perSecond, text) => expect(rate(perSecond)).toBe(text));
});

it("writes dimensions with a multiplication sign", () => expect(pixels(1024, 768)).toBe("1024 × 768"));

it("shows what would turn or hide a name", () => {
  expect(visible("\u202egnp.exe\n\u0000")).toBe("\ufffdgnp.exe\ufffd\ufffd");
  expect(visible("\u65e5\u672c \u05e9 é.png")).toBe("\u65e5\u672c \u05e9 é.png");
});

describe("clock", () => {
  it.each([
    [0, "0:00"],
    [62.9, "1:02"],
    [3599, "59:59"],
    [3723, "1:02:03"],
    [Number.NaN, "0:00"],
  ])("%d is %s", (n, text) => expect(clock(n)).toBe(text));
});
