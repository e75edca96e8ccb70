import { expect, test } from "vitest";
import type { ReferenceFolder } from "../api/schema";
import { sidecarsOf, sizeOf, watched } from "./words";

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
  captions: [],
  job: null,
  sidecars: { mode: "none", formats: [], text: "tags", names: "usual", engines: false, mirror: "" },
  sidecar_state: { due: 0, conflicts: 0, problems: 0, problem: "" },
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

test("says how sidecars are used", () => {
  expect(sidecarsOf(folder)).toBe("");
  const used = { ...folder.sidecars, formats: ["txt", "xmp"] as const, mode: "write" } as const;
  expect(sidecarsOf({ ...folder, sidecars: { ...used, formats: [...used.formats] } })).toBe(
    "txt and xmp sidecars are read and written",
  );
  expect(sidecarsOf({ ...folder, sidecars: { ...used, formats: ["json"], mode: "mirror", mirror: "/srv/x" } })).toBe(
    "json sidecars are read, and written to /srv/x",
  );
});
