import { closeSync, openSync, readSync } from "node:fs"
import { realPath } from "./lock.ts"
import type { FileFault } from "./names.ts"
import { lostFile } from "./names.ts"

/**
 * SQLite's `user_version` has four bytes. The last byte is the schema's version. The other three are the file's
 * stamp: a random number that changes with each checkpoint.
 */
export const versionBits = 8
const versionsMax = 2 ** versionBits

/** Every stamp is below this number, because `user_version` is a signed number of 32 bits. */
export const stampsMax = 2 ** (31 - versionBits)

/** The schema's version in a `user_version`. */
export const schemaVersionIn = (userVersion: number): number => userVersion % versionsMax

/** The `user_version` of a file with this stamp. */
export const stamped = (stamp: number, schemaVersion: number): number => stamp * versionsMax + schemaVersion

/**
 * Detects that somebody has written another store, or an older copy, over a store's file. The file's name shows
 * nothing then. The engine sets a new stamp at its start and with each checkpoint. A stamp that the engine never set
 * is a fault, and so is an older stamp than the last one seen. A new stamp may stay in the log for a while before it
 * is in the file.
 */
export interface StampWatch {
  readonly fault: FileFault
  /** From now on, the file may have this stamp. */
  readonly expect: (stamp: number) => void
  /**
   * Closes the watch. Call it only after the thread's connection is closed: by POSIX rules, closing any descriptor of
   * a file releases all locks of the process on that file. For the same reason, the file is opened once and stays
   * open.
   */
  readonly close: () => void
}

/** The offset of `user_version` in an SQLite file's header. It has four bytes, the highest first. */
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
