import { globSync, readFileSync } from "node:fs"
import { cp, rename, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { rolldown } from "rolldown"
import type { Plugin } from "rolldown"
import { inCheckout, programDirectory } from "./checkout.ts"

const sources = inCheckout("packages/app/src/")
const entries = ["main", "store/sqlite/reader-thread", "store/sqlite/writer-thread"]
const pages = "sandbox/bank-page"

/** Packages that are not bundled, because they are native or optional. */
const external = [/^node:/u, "pg", "pg-native"]

/**
 * `Undici.js` re-exports everything of the CommonJS package `undici`. Only Node's loader knows the names of these
 * exports, so the package stays external.
 */
const passedOn: Plugin = {
  name: "passed-on",
  resolveId: (source, importer) =>
    source === "undici" && importer?.endsWith("/Undici.js") === true
      ? { id: pathToFileURL(createRequire(importer).resolve(source)).href, external: true }
      : null,
}

/**
 * Bundles the program into a few files. The bundle starts three times as fast as a thousand modules, and most tests
 * start the program many times. The tests of the README's commands start the sources themselves.
 */
export async function ensureProgram(): Promise<void> {
  const directory = `${programDirectory}-${process.pid}`
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry.replace(/^.*\//u, ""), `${sources}${entry}.ts`])),
    // The bundle's comments name each module relative to this folder, so that they do not depend on where the run was
    // started.
    cwd: inCheckout(""),
    platform: "node",
    external,
    plugins: [passedOn],
  })
  await bundle.write({ dir: directory, entryFileNames: "[name].mjs", chunkFileNames: "chunk-[name].mjs" })
  await bundle.close()
  await cp(`${sources}${pages}`, `${directory}/bank-page`, { recursive: true })
  // Another run may be using the existing bundle. It is replaced only if its content differs.
  if (!isSame(directory, programDirectory)) {
    await rm(programDirectory, { recursive: true, force: true })
    await rename(directory, programDirectory).catch(() => undefined)
  }
  await rm(directory, { recursive: true, force: true })
}

const filesIn = (directory: string): ReadonlyArray<string> =>
  globSync("**/*.*", { cwd: directory }).toSorted()

function isSame(one: string, other: string): boolean {
  const files = filesIn(one)
  return (
    files.join() === filesIn(other).join() &&
    files.every((file) => readFileSync(join(one, file)).equals(readFileSync(join(other, file))))
  )
}
