import { readdirSync } from "node:fs"
import { inCheckout } from "../checkout.ts"

/** Folders with files of others, and with files that a build or a run writes. */
const notOurs = new Set([
  ".git",
  ".loan-engine",
  ".stryker-tmp",
  "bench-report",
  "compliance-report",
  "coverage",
  "dist",
  "node_modules",
])

/**
 * The paths of all files of this project, relative to the root and with slashes. `folder` limits them to one folder.
 */
export const ourFiles = (folder = ""): ReadonlyArray<string> =>
  readdirSync(inCheckout(folder), { withFileTypes: true }).flatMap((each) => {
    const path = folder === "" ? each.name : `${folder}/${each.name}`
    if (!each.isDirectory()) return [path]
    return notOurs.has(each.name) ? [] : ourFiles(path)
  })

/** The project's source files in some folders. */
export const filesWithin = (folders: ReadonlyArray<string>): ReadonlyArray<string> =>
  folders.flatMap((folder) => ourFiles(folder)).filter((file) => /\.[cm]?tsx?$/u.test(file))
