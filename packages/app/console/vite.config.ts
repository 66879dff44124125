import { fileURLToPath } from "node:url"
import type { InlineConfig } from "vite"

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The console as one page, one script and one style sheet, all named from where the page stands. */
const config: InlineConfig = {
  root: here("."),
  base: "./",
  configFile: false,
  // Independent of the builder's environment: the same sources make the same console.
  oxc: { jsx: { runtime: "automatic", development: false } },
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: here("../dist/console"),
    emptyOutDir: true,
    // The licences of what is bundled ask that their texts come with it.
    license: { fileName: "LICENSES.md" },
    target: "es2022",
    // The policy of the page lets nothing in that does not come as a file of its own.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    modulePreload: { polyfill: false },
  },
}

export default config
