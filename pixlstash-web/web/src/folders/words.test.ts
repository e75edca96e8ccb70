import { expect, test } from "vitest";
import type { ReferenceFolder } from "../api/schema";
import { sizeOf, watched } from "./words";

const folder: ReferenceFolder = {
  id: 2,
  name: "Photos",
  path: "/photos",
  state: "ok",
  problem: "",
  pictures: 3,
  missing: 0,
  watch: true,
  watching: "live",
  note: "",
  scanned: null,
  job: null,
};

test("sizes say when they are not complete", () => {
  expect(sizeOf({ path: "/photos", files: 12_431, bytes: 0, complete: true })).toMatch(/^12.431 files, /);
  expect(sizeOf({ path: "/photos", files: 1, bytes: 0, complete: false })).toMatch(/^At least 1 file, /);
});

test("polling says why", () => {
  expect(watched(folder)).toBe("Watched live · not scanned yet");
  expect(watched({ ...folder, watching: "polling", note: "The limit is reached." })).toContain("The limit is reached.");
  expect(watched({ ...folder, watch: false, watching: "off" })).toMatch(/^Not watched/);
});
