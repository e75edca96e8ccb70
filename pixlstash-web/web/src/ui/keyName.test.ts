import { expect, it } from "vitest";
import { keyName } from "./keyName";

it("writes keys as keyboards do", () => {
  expect(keyName({ key: "z", ctrl: true, shift: true })).toBe("Ctrl+Shift+Z");
  expect(keyName({ key: "ArrowLeft" })).toBe("←");
  expect(keyName({ key: " ", shift: true })).toBe("Shift+Space");
  expect(keyName({ key: "Home" })).toBe("Home");
});
