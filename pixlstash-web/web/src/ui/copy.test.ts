import { afterEach, describe, expect, it, vi } from "vitest";
import { copyPicture, copyText, whyNoPictureCopy } from "./copy";

/** A page with only what copying by the old command touches. */
function page(accepts: boolean) {
  const copied: string[] = [];
  const area = {
    value: "",
    style: {},
    readOnly: false,
    setAttribute: () => undefined,
    focus: () => undefined,
    setSelectionRange: () => undefined,
    remove: vi.fn(),
  };
  vi.stubGlobal("HTMLElement", class {});
  vi.stubGlobal("document", {
    activeElement: null,
    createElement: () => area,
    execCommand: () => {
      if (accepts) copied.push(area.value);
      return accepts;
    },
  });
  return { copied, area, body: { append: () => undefined } as unknown as HTMLElement };
}

afterEach(() => vi.unstubAllGlobals());

describe("copyText", () => {
  it("uses the clipboard where there is one", async () => {
    const written: string[] = [];
    vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => void written.push(text) } });
    const { copied, body } = page(true);
    expect(await copyText("seed 42", body)).toBe(true);
    expect([written, copied]).toEqual([["seed 42"], []]);
  });

  it("falls back on the old command over plain http, and leaves nothing on the page", async () => {
    vi.stubGlobal("navigator", {});
    const { copied, area, body } = page(true);
    expect(await copyText("a\nb", body)).toBe(true);
    expect(copied).toEqual(["a\nb"]);
    expect(area.remove).toHaveBeenCalledOnce();
  });

  it("falls back when the clipboard refuses", async () => {
    vi.stubGlobal("navigator", { clipboard: { writeText: () => Promise.reject(new Error("no focus")) } });
    const { copied, body } = page(true);
    expect(await copyText("x", body)).toBe(true);
    expect(copied).toEqual(["x"]);
  });

  it("says so when nothing works", async () => {
    vi.stubGlobal("navigator", {});
    expect(await copyText("x", page(false).body)).toBe(false);
  });
});

describe("copying a picture", () => {
  it("says why not over plain http", async () => {
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("window", { isSecureContext: false });
    expect(whyNoPictureCopy()).toMatch(/only over https/);
    await expect(copyPicture({} as HTMLImageElement)).rejects.toThrow(/https/);
  });

  it("does not blame the connection where the browser is at fault", () => {
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("window", { isSecureContext: true });
    expect(whyNoPictureCopy()).toMatch(/^This browser cannot copy pictures/);
  });
});
