import { defineConfig } from "vite";
import { baseMap } from "./tools/base_map";
import { packed } from "./tools/packed";

export default defineConfig({
  base: "/console/",
  build: {
    outDir: "../build/console",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // Nothing as data: URLs, which the content security policy refuses.
    assetsInlineLimit: 0,
    // MapLibre, which is loaded with the map alone.
    chunkSizeWarningLimit: 1300,
    reportCompressedSize: false,
  },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  plugins: [baseMap(), packed()],
  server: { proxy: { "/v1": "http://127.0.0.1:8080" } },
  test: { include: ["tests/*.test.ts"], setupFiles: ["tests/setup.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
