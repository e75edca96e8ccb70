import { describe as suite, expect, it } from "vitest";
import { cannotPlay, cannotShow, describe, type Told, whyThumbnail } from "./words";

const png: Told = { kind: "image", format: "png", mime: "image/png", why: null, locations: [{ state: "present" }] };

suite("whyThumbnail", () => {
  it("lets the original be tried where browsers show it", () => {
    expect(whyThumbnail(png)).toBeNull();
    expect(whyThumbnail({ ...png, locations: [{ state: "missing" }, { state: "present" }] })).toBeNull();
  });

  it("names the format no browser shows", () => {
    expect(whyThumbnail({ ...png, format: "tiff", mime: "image/tiff" })).toBe(cannotShow("tiff"));
    expect(cannotShow("tiff")).toContain("TIFF files");
  });

  it("tells a missing file from a place that is away", () => {
    expect(whyThumbnail({ ...png, locations: [{ state: "missing" }] })).toContain("missing");
    expect(whyThumbnail({ ...png, locations: [{ state: "missing" }, { state: "unreachable" }] })).toContain("reached");
  });

  it("lets every video be tried: only the browser knows what is in the container", () => {
    expect(whyThumbnail({ ...png, kind: "video", format: "avi", mime: "video/x-msvideo" })).toBeNull();
    expect(cannotPlay("mp4", "hevc")).toContain("MP4 video (hevc)");
    expect(cannotPlay("avi", null)).toContain("AVI video.");
  });
});

suite("describe", () => {
  it("says name, stars and the words it was made from", () => {
    expect(describe("a.png", null, 0)).toBe("a.png");
    expect(describe("a.png", null, 1)).toBe("a.png, 1 star");
    expect(describe("a.png", " a  fox\n runs ", 0)).toBe("a.png, made from the words: a fox runs");
  });

  it("cuts a long prompt", () => {
    expect(describe("a.png", "x".repeat(5000), 5).length).toBeLessThan(220);
  });
});
