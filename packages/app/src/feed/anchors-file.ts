import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { anchorLine, anchorsIn } from "../journal/anchor.ts"
import type { KeptAnchor } from "../journal/anchor.ts"

/** Beside an SQLite file, under a name that is not deleted or copied together with it by mistake. */
export const anchorsBeside = (path: string): string => join(dirname(path), `.${basename(path)}-anchors`)

/** How much of the file is read, from its end: some 30,000 anchors. */
const anchorsBytesMax = 4_194_304

/** Adds an anchor to the file, which is made if it is not there; it is on the disk when this returns. */
export function appendAnchor(file: string, anchor: KeptAnchor): void {
  const descriptor = openSync(file, "a", 0o600)
  try {
    writeSync(descriptor, anchorLine(anchor))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The anchors of a file, oldest first; none if there is no such file. */
export function readAnchors(file: string): ReadonlyArray<KeptAnchor> {
  const descriptor = openIfThere(file)
  if (descriptor === undefined) return []
  try {
    const { size } = fstatSync(descriptor)
    const bytes = Buffer.alloc(Math.min(size, anchorsBytesMax))
    const read = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length)
    return anchorsIn(bytes.toString("utf8", 0, read))
  } finally {
    closeSync(descriptor)
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, "r")
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined
    throw cause
  }
}
