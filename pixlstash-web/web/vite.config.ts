import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the sources and passes the rest on to a running PixlStash.
const server = "http://127.0.0.1:8020";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../src/pixlstash_web/static",
    emptyOutDir: true,
    target: "baseline-widely-available",
    // The polyfill is an inline script in old browsers, which the content security policy forbids.
    modulePreload: { polyfill: false },
  },
  server: { host: "127.0.0.1", proxy: { "/api": server, "/version": server } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
