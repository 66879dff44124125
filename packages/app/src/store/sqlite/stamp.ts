import { closeSync, openSync, readSync } from "node:fs"
import { realPath } from "./lock.ts"
import type { FileFault } from "./names.ts"
import { lostFile } from "./names.ts"

/** The schema's version is the last byte of SQLite's `user_version`. The other three bytes are the file's stamp. */
export const versionBits = 8
const versionsMax = 2 ** versionBits

/** A stamp is below this: `user_version` is a signed number of 32 bits. */
export const stampsMax = 2 ** (31 - versionBits)

/** The schema's version in a `user_version`. */
export const schemaVersionIn = (userVersion: number): number => userVersion % versionsMax

/** The `user_version` of a file with this stamp. */
export const stamped = (stamp: number, schemaVersion: number): number => stamp * versionsMax + schemaVersion

/**
 * Detects when another store, or an older copy, is written over a store's file in place: its name still leads to it
 * then. The engine that has the store to itself stamps the file at its start and with each checkpoint. The file may
 * only have stamps that were set, and never an older one than was seen before. A stamp that is still in the log is not
 * in the file yet.
 */
export interface StampWatch {
  readonly fault: FileFault
  /** The file may have this stamp from now on. */
  readonly expect: (stamp: number) => void
  /**
   * Call it after the thread's connection was closed. By POSIX rules, closing a descriptor releases the process's locks
   * on the file, so none must be opened for a moment while connections are in use.
   */
  readonly close: () => void
}

/** The offset of `user_version` in an SQLite file's header: four bytes, the highest first. */
const userVersionAt = 60

export function watchStamps(path: string): StampWatch {
  const descriptor = openSync(realPath(path), "r")
  const bytes = Buffer.alloc(4)
  const stampNow = (): number => {
    const read = readSync(descriptor, bytes, 0, bytes.length, userVersionAt)
    return read < bytes.length ? -1 : Math.trunc(bytes.readUInt32BE() / versionsMax)
  }
  let expected: ReadonlyArray<number> = [stampNow()]
  return {
    fault: () => {
      const seen = expected.lastIndexOf(stampNow())
      if (seen === -1) return lostFile(path, "was written over")
      expected = expected.slice(seen)
      return undefined
    },
    expect: (stamp) => {
      expected = [...expected, stamp]
    },
    close: () => closeSync(descriptor),
  }
}
