import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { isNativeError } from "node:util/types"
import { anchorLine, anchorsIn } from "../journal/anchor.ts"
import type { KeptAnchor } from "../journal/anchor.ts"

/**
 * The name of the anchors file beside an SQLite file. It is so different from the store's name that nobody deletes or
 * copies both by mistake.
 */
export const anchorsBeside = (path: string): string => join(dirname(path), `.${basename(path)}-anchors`)

/** How much of the file's end is read. This is enough for about 8,000 anchors with a time stamp, or 250,000 without. */
const anchorsBytesMax = 33_554_432

/** Adds an anchor to the file, which is created if necessary. When this returns, the anchor is on the disk. */
export function appendAnchor(file: string, anchor: KeptAnchor): void {
  const descriptor = openSync(file, "a", 0o600)
  try {
    writeSync(descriptor, anchorLine(anchor))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Reads the anchors in a file, oldest first. If there is no file, the list is empty. */
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
    if (isNativeError(cause) && "code" in cause && cause.code === "ENOENT") return undefined
    throw cause
  }
}
