import { describe, expect, it } from "vitest";
import { sha256 } from "./sha256";

describe("sha256", () => {
  it.each([0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 1000, 65_536])(
    "agrees with the platform's for %d bytes",
    async (n) => {
      const bytes = crypto.getRandomValues(new Uint8Array(n));
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      expect(sha256(bytes)).toBe([...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    },
  );
});
