import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  test: {
    testTimeout: 30_000, // a busy machine is no failure
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
});
