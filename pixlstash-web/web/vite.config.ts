import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// `npm run dev` serves the sources and passes the rest on to a running PixlStash.
const server = "http://127.0.0.1:8020";

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: "../src/pixlstash_web/static",
    emptyOutDir: true,
    target: "baseline-widely-available",
    // Every browser we build for preloads modules by itself.
    modulePreload: { polyfill: false },
  },
  server: { host: "127.0.0.1", proxy: { "/api": server } },
});
