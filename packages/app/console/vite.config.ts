import { fileURLToPath } from "node:url"
import type { InlineConfig } from "vite"

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Builds the console as one page, one script and one style sheet. Their addresses are relative to the page. */
const config: InlineConfig = {
  root: here("."),
  base: "./",
  configFile: false,
  // Does not depend on the builder's environment: the same sources always give the same console.
  oxc: { jsx: { runtime: "automatic", development: false } },
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: here("../dist/console"),
    emptyOutDir: true,
    // The licences of what is bundled ask that their texts come with it.
    license: { fileName: "LICENSES.md" },
    target: "es2022",
    // The page's content security policy forbids inline data. So every asset must be a file of its own.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    modulePreload: { polyfill: false },
  },
}

export default config
