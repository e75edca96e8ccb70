import { describe, expect, test } from "vitest";
import { type Binding, Keys, pressed } from "./keys";

type Typed = Partial<Pick<KeyboardEvent, "ctrlKey" | "metaKey" | "shiftKey">>;
const type = (key: string, code: string, held: Typed = {}) =>
  pressed({ key, code, ctrlKey: false, metaKey: false, shiftKey: false, ...held });

describe("what was pressed", () => {
  test.each([
    ["4 on the digit row", type("4", "Digit4"), { key: "4", ctrl: false, shift: false }],
    ["Shift+4, whatever it types", type("$", "Digit4", { shiftKey: true }), { key: "4", ctrl: false, shift: true }],
    ["the 4 key in France", type("'", "Digit4"), { key: "4", ctrl: false, shift: false }],
    ["the number pad", type("0", "Numpad0"), { key: "0", ctrl: false, shift: false }],
    ["/ on a German keyboard", type("/", "Digit7", { shiftKey: true }), { key: "/", ctrl: false, shift: false }],
    ["?", type("?", "Slash", { shiftKey: true }), { key: "?", ctrl: false, shift: false }],
    ["+ without Shift", type("=", "Equal"), { key: "+", ctrl: false, shift: false }],
    ["Ctrl+Shift+Z", type("Z", "KeyZ", { ctrlKey: true, shiftKey: true }), { key: "z", ctrl: true, shift: true }],
    ["⌘Z", type("z", "KeyZ", { metaKey: true }), { key: "z", ctrl: true, shift: false }],
    ["Backspace, the Mac's delete", type("Backspace", "Backspace"), { key: "Delete", ctrl: false, shift: false }],
    ["Space", type(" ", "Space"), { key: " ", ctrl: false, shift: false }],
    ["Shift+End", type("End", "End", { shiftKey: true }), { key: "End", ctrl: false, shift: true }],
  ])("%s", (_, press, expected) => expect(press).toEqual(expected));
});

describe("the registry", () => {
  const binding = (key: string, where: Binding["where"], label: string): Binding => ({
    key,
    where,
    label,
    group: "",
    run: () => undefined,
  });
  const press = (key: string) => ({ key, ctrl: false, shift: false });

  test("finds only what counts where the reader is, the latest first", () => {
    const keys = new Keys();
    keys.add(binding("1", "grid", "old"), binding("u", "both", "both"), binding("i", "viewer", "info"));
    const off = keys.add(binding("1", "grid", "new"));
    keys.where = "grid";
    expect(keys.find(press("1"))?.label).toBe("new");
    expect(keys.find(press("u"))?.label).toBe("both");
    expect(keys.find(press("i"))).toBeUndefined();
    off();
    expect(keys.find(press("1"))?.label).toBe("old");
    keys.where = "viewer";
    expect(keys.find(press("i"))?.label).toBe("info");
    expect(keys.find(press("1"))).toBeUndefined();
    expect(keys.list().map(({ label }) => label)).toEqual(["old", "both", "info"]);
  });

  test("a key with Ctrl is another key", () => {
    const keys = new Keys();
    keys.add({ ...binding("a", "grid", "all"), ctrl: true });
    keys.where = "grid";
    expect(keys.find(press("a"))).toBeUndefined();
    expect(keys.find({ ...press("a"), ctrl: true })?.label).toBe("all");
  });

  test("and so is one with Alt", () => {
    const keys = new Keys();
    keys.add({ ...binding("ArrowLeft", "grid", "earlier"), alt: true }, binding("ArrowRight", "grid", "next"));
    keys.where = "grid";
    expect(keys.find(press("ArrowLeft"))).toBeUndefined();
    expect(keys.find(press("ArrowLeft"), true)?.label).toBe("earlier");
    expect(keys.find(press("ArrowRight"), true)).toBeUndefined();
  });
});
