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

/** What is installed beside it: what is native, or may be left out by those who use the program. */
const external = [/^node:/u, "pg", "pg-native"]

/** A module that re-exports everything of another one, which is CommonJS: only its loader knows its exports. */
const passedOn: Plugin = {
  name: "passed-on",
  resolveId: (source, importer) =>
    source === "undici" && importer?.endsWith("/Undici.js") === true
      ? { id: pathToFileURL(createRequire(importer).resolve(source)).href, external: true }
      : null,
}

/**
 * The program as one file or few, which starts three times as fast as a thousand modules do. Most tests start it many times; that
 * its sources start as they are is what those of the README's commands show.
 */
export async function ensureProgram(): Promise<void> {
  const directory = `${programDirectory}-${process.pid}`
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry.replace(/^.*\//u, ""), `${sources}${entry}.ts`])),
    // Its comments tell where each module is: from here, wherever the run was begun.
    cwd: inCheckout(""),
    platform: "node",
    external,
    plugins: [passedOn],
  })
  await bundle.write({ dir: directory, entryFileNames: "[name].mjs", chunkFileNames: "chunk-[name].mjs" })
  await bundle.close()
  await cp(`${sources}${pages}`, `${directory}/bank-page`, { recursive: true })
  // Another run may use what is there: it is left alone unless it is of other sources.
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
