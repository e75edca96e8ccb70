import { describe, expect, it } from "vitest";
import { Rates, sparkline } from "./spark";

describe("Rates", () => {
  it("keeps the newest and starts anew with another job", () => {
    const rates = new Rates(3);
    for (const n of [1, 2, 3]) rates.add(7, n);
    expect(rates.add(7, 4)).toEqual([2, 3, 4]);
    expect(rates.add(8, 5)).toEqual([5]);
  });
});

describe("sparkline", () => {
  it("needs two values", () => {
    expect(sparkline([3], 72, 28)).toBeNull();
  });

  it("runs over the whole width, the largest at the top", () => {
    expect(sparkline([0, 10, 5], 72, 28)).toBe("M0.0 26.0L36.0 2.0L72.0 14.0");
  });

  it("lies at the bottom while nothing happens", () => {
    expect(sparkline([0, 0], 10, 28)).toBe("M0.0 26.0L10.0 26.0");
  });
});
