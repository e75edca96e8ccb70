import { expect, test } from "vitest";
import type { Agreement, EngineInfo } from "../api/schema";
import { agreed, standing } from "./words";

const engine: EngineInfo = {
  id: "wd/vit",
  kind: "tag",
  label: "WD ViT",
  revision: "1",
  license: "Apache-2.0",
  lane: "gpu",
  plugin: "wd-tagger",
  package: "pixlstash-wd-tagger",
  version: "0.1.0",
  default: false,
  policy: "asked",
  active: false,
  loaded: false,
  done: 0,
  errors: 0,
  outdated: 0,
  state: "ready",
  unset: "",
  learns: "",
  size: 0,
};
test("where an engine stands", () => {
  const plain = standing(engine);
  expect([plain.word, plain.icon, plain.note, plain.runs]).toEqual([
    "ready",
    "chip",
    "pixlstash-wd-tagger · Apache-2.0",
    true,
  ]);
  expect(standing({ ...engine, active: true }).word).toBe("active");
  expect(standing({ ...engine, active: true, default: true }).word).toBe("default");
  expect(standing({ ...engine, package: "pixlstash-core", license: "" }).note).toBe("built in");
});

test("what keeps it from being run says what it costs", () => {
  const away = standing({ ...engine, state: "fetch", size: 467e6 });
  expect([away.word, away.runs, away.note]).toEqual(["fetch", false, "467\u2009MB · Apache-2.0"]);
  const open = standing({ ...engine, state: "set", unset: "Say which model." });
  expect([open.word, open.runs, open.note]).toEqual(["set", false, "Say which model."]);
  expect(standing({ ...engine, state: "fetch" }).note).toBe("Apache-2.0"); // nobody knows the size
  const net = standing({ ...engine, lane: "net", state: "allow", license: "" });
  expect([net.word, net.icon, net.note, net.runs]).toEqual(["off", "net", "net: asks another machine", false]);
  expect(standing({ ...engine, lane: "net" }).runs).toBe(true);
});

test("how far a rehearsal agrees with what people said, and of how much", () => {
  const rehearsal = { engine: "x", tried: 4, total: 9, seconds: 1, whole: 2, size: 3, pictures: [], errors: [] };
  const told = (agreement: Agreement | null) => agreed({ ...rehearsal, agreement });
  expect(told(null)).toEqual({ share: null, of: "people do not say what this should be" });
  const none = { accepted: 0, found: 0, rejected: 0, again: 0, of: "tags" } as const;
  expect(told(none)).toEqual({ share: null, of: "no tag of these was decided on yet" });
  const tags = { accepted: 8, found: 7, rejected: 2, again: 1, of: "tags" } as const;
  expect(told(tags)).toEqual({ share: 0.8, of: "agree with 10 decided tags" });
  expect(told({ ...none, accepted: 1, of: "faces" })).toEqual({ share: 0, of: "found of 1 face drawn or named" });
  expect(told({ ...none, of: "words" }).of).toBe("nobody wrote captions of these yet");
});
