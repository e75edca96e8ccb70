import { expect, it } from "vitest";
import { joinNames, keyName } from "./keyName";

it("writes keys as keyboards do", () => {
  expect(keyName({ key: "z", ctrl: true, shift: true })).toBe("Ctrl+Shift+Z");
  expect(keyName({ key: "ArrowLeft" })).toBe("←");
  expect(keyName({ key: " ", shift: true })).toBe("Shift+Space");
  expect(keyName({ key: "Home" })).toBe("Home");
});

it("joins digits", () => {
  expect(joinNames(["Shift+1", "Shift+2", "Shift+5", "Shift+0"])).toEqual(["Shift+0–5"]);
  expect(joinNames(["1", "Shift+2", "3", "4"])).toEqual(["1", "Shift+2", "3", "4"]);
});

it("says a modifier that all share once", () => {
  expect(joinNames(["Shift+←", "Shift+→", "Shift+Home"])).toEqual(["Shift+←", "→", "Home"]);
  expect(joinNames(["Ctrl+Shift+Z", "Ctrl+Y"])).toEqual(["Ctrl+Shift+Z", "Ctrl+Y"]);
  expect(joinNames(["+", "−"])).toEqual(["+", "−"]);
});
