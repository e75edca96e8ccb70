import { describe, expect, test } from "vitest";
import { CAP, Scroll } from "./scroll";

const SCREEN = 900;

function large(): Scroll {
  const scroll = new Scroll();
  scroll.resize(32_600_000, SCREEN);
  return scroll;
}

describe("a content higher than browsers allow", () => {
  test("the box is capped", () => {
    expect(large().box).toBe(CAP);
  });

  test("wheel steps move the content by just as much, anywhere", () => {
    for (const start of [0, 1_999_000, 16_000_000, 30_599_500, 32_000_000]) {
      const scroll = large();
      scroll.to(start);
      for (let n = 0; n < 20; n++) {
        const before = scroll.y;
        scroll.follow(scroll.top + 100);
        expect(scroll.y - before).toBe(100);
      }
    }
  });

  test("the ends of the box are the ends of the content", () => {
    const scroll = large();
    scroll.follow(scroll.box - SCREEN);
    expect(scroll.y).toBe(scroll.end);
    expect(scroll.end).toBe(32_600_000 - SCREEN);
    scroll.follow(0);
    expect(scroll.y).toBe(0);
  });

  test("dragging the thumb goes by proportion", () => {
    const scroll = large();
    scroll.follow(scroll.box / 2);
    expect(scroll.y / scroll.end).toBeCloseTo(0.5, 3);
  });

  test("at rest the thumb moves to its place and the content stays", () => {
    const scroll = large();
    scroll.to(16_000_000);
    for (let n = 0; n < 3000; n++) scroll.follow(scroll.top + 300);
    const { y, top } = scroll;
    expect(scroll.settle()).toBe(true);
    expect(scroll.y).toBe(y);
    expect(scroll.top).toBeLessThan(top);
    expect(scroll.top).toBeCloseTo(scroll.project(y), 0);
  });

  test("a long fling reaches the start without a jump", () => {
    const scroll = large();
    scroll.to(1_500_000);
    let furthest = 0;
    while (scroll.y > 0) {
      const before = scroll.y;
      scroll.follow(Math.max(0, scroll.top - 2000));
      furthest = Math.max(furthest, before - scroll.y);
    }
    expect(furthest).toBe(2000);
    expect(scroll.top).toBe(0);
  });

  test("both ways between box and content agree", () => {
    const scroll = large();
    for (let y = 0; y <= scroll.end; y += 123_457) expect(scroll.unproject(scroll.project(y))).toBeCloseTo(y, 3);
  });
});

test("a content that fits is scrolled as it is", () => {
  const scroll = new Scroll();
  scroll.resize(50_000, SCREEN);
  for (const top of [10, 4000, 49_100, 300]) {
    scroll.follow(top);
    expect(scroll.y).toBe(top);
    expect(scroll.settle()).toBe(false);
  }
});

test("a content that shrinks is never left behind", () => {
  const scroll = new Scroll();
  scroll.resize(50_000, SCREEN);
  scroll.to(49_000);
  scroll.resize(2000, SCREEN);
  expect(scroll.y).toBe(1100);
  scroll.resize(100, SCREEN);
  expect([scroll.y, scroll.top, scroll.end]).toEqual([0, 0, 0]);
});
