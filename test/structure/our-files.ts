import { readdirSync } from "node:fs"
import { inCheckout } from "../checkout.ts"

/** Folders of others, and of what is built or written by a run. */
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

/** The paths from the root, with slashes, of all files that are ours, within a folder or in the whole checkout. */
export const ourFiles = (folder = ""): ReadonlyArray<string> =>
  readdirSync(inCheckout(folder), { withFileTypes: true }).flatMap((each) => {
    const path = folder === "" ? each.name : `${folder}/${each.name}`
    if (!each.isDirectory()) return [path]
    return notOurs.has(each.name) ? [] : ourFiles(path)
  })

/** The source files of ours within some folders. */
export const filesWithin = (folders: ReadonlyArray<string>): ReadonlyArray<string> =>
  folders.flatMap((folder) => ourFiles(folder)).filter((file) => /\.[cm]?tsx?$/u.test(file))
