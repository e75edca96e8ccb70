import { expect, test } from "vitest";
import type { EngineDetail, EngineInfo, WeightsInfo } from "../api/engines";
import { standing } from "./words";

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
};
const detail = (weights: Partial<WeightsInfo> | null): EngineDetail => ({
  engine,
  params: {},
  form: {},
  secrets: [],
  errors: [],
  threshold: null,
  weights: weights && { size: 467e6, license: "MIT", folder: "/m", missing: [], hosts: [], agree: false, ...weights },
});

test("where an engine stands", () => {
  const plain = standing(engine, detail(null));
  expect([plain.word, plain.icon, plain.note, plain.runs]).toEqual([
    "ready",
    "chip",
    "pixlstash-wd-tagger · Apache-2.0",
    true,
  ]);
  expect(standing({ ...engine, active: true }, undefined).word).toBe("active");
  expect(standing({ ...engine, active: true, default: true }, undefined).word).toBe("default");
  expect(standing({ ...engine, package: "pixlstash-core", license: "" }, undefined).note).toBe("built in");
  expect(standing({ ...engine, lane: "net" }, undefined).icon).toBe("net");
});

test("without its weights it says what they cost, and asks where their licence asks", () => {
  const away = standing(engine, detail({ missing: ["model.onnx"] }));
  expect([away.word, away.runs, away.note]).toEqual(["fetch", false, "467 MB · MIT".replace(" MB", "\u2009MB")]);
  expect(standing(engine, detail({ missing: ["a"], agree: true })).word).toBe("ask");
  expect(standing(engine, detail({ agree: true })).runs).toBe(true);
});
