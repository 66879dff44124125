import { closeSync, openSync, readSync } from "node:fs"
import { realPath } from "./lock.ts"
import type { FileFault } from "./names.ts"
import { lostFile } from "./names.ts"

/** The version of the schema is the last byte of SQLite's `user_version`; the other three are the file's stamp. */
export const versionBits = 8
const versionsMax = 2 ** versionBits

/** A stamp is below this: `user_version` is a signed number of 32 bits. */
export const stampsMax = 2 ** (31 - versionBits)

/** The version of the schema that a `user_version` tells. */
export const schemaVersionIn = (userVersion: number): number => userVersion % versionsMax

/** The `user_version` of a file that has this stamp. */
export const stamped = (stamp: number, schemaVersion: number): number => stamp * versionsMax + schemaVersion

/**
 * Watches whether a store's file is written over in place, by another store or an older copy of itself: its name still leads to it
 * then. The engine that has a store to itself stamps the file at its start and with each checkpoint, and the file may have only the
 * stamps that were set, each no older than the one seen before. A stamp that stands in the log still is not in the file yet.
 */
export interface StampWatch {
  readonly fault: FileFault
  /** The file may have this stamp from now on. */
  readonly expect: (stamp: number) => void
  /**
   * To be called after the thread's connection was closed. Closing a descriptor gives up the process's locks on the file, as POSIX
   * has it, so none is opened for a moment while connections are in use.
   */
  readonly close: () => void
}

/** Where SQLite keeps `user_version` in a file's header, as four bytes, the highest first. */
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
