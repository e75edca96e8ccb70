import { expect, test } from "vitest";
import type { Job } from "../api/schema";
import { canRevert, far, isOpen, left, share, speed, until } from "./words";

const job: Job = {
  id: 1,
  kind: "engine",
  label: "Tagging",
  lane: "gpu",
  state: "running",
  done: 300,
  total: 500,
  rate: 50,
  error: null,
  started: null,
  finished: null,
  every: null,
  report: null,
  note: "",
  engine: "x",
  failed: 0,
  reason: null,
  dropped: 0,
  dropped_reason: null,
};

test("how far it is, how fast, and when it will be done", () => {
  expect([far(job), left(job), speed(job), share(job)]).toEqual(["300 of 500", "200 left · 4 s", "50/s", 60]);
  expect(until(job, Date.parse("2026-11-22T10:52:00"))).toMatch(/^4 s left · done .*52/);
  expect([until({ ...job, rate: null }), left({ ...job, rate: null })]).toEqual(["", "200 left"]);
  expect([until({ ...job, state: "paused" }), left({ ...job, state: "waiting" })]).toEqual(["paused", "waiting"]);
  expect(left({ ...job, total: null })).toBe("300 done");
});

test("weights and backups are counted in bytes", () => {
  expect(far({ ...job, kind: "backup", done: 29e6, total: 467e6 }).replaceAll("\u2009", " ")).toBe("29.0 MB of 467 MB");
  const weights = { ...job, kind: "weights", done: 290e6, total: 467e6, rate: 11e6 };
  expect(far(weights).replaceAll("\u2009", " ")).toBe("290 MB of 467 MB");
  expect(speed(weights).replaceAll("\u2009", " ")).toBe("11.0 MB/s");
});

test("a run that is over can be taken back, what repeats is nobody's business while it waits", () => {
  expect(canRevert({ ...job, state: "done" })).toBe(true);
  expect([canRevert(job), canRevert({ ...job, state: "done", kind: "import" })]).toEqual([false, false]);
  expect([isOpen(job), isOpen({ ...job, state: "waiting", every: 60 }), isOpen({ ...job, state: "done" })]).toEqual([
    true,
    false,
    false,
  ]);
});
