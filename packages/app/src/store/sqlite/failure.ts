import { isNativeError } from "node:util/types"
import { isSqliteError } from "./connection.ts"

/** What SQLite's primary result codes mean for an operator, and what to do about each. */
const advice: Readonly<Record<number, string>> = {
  5: "Another process holds the file's lock. Retry.",
  8: "The file or its directory cannot be written. Check their permissions and that the file system is not mounted read-only.",
  10: "The disk refused to read or write. Check its health, its free space and any limit on file sizes.",
  11: "The file is damaged. Stop the engine, keep a copy of the file for examination, and restore the last good backup.",
  13: "The disk is full. Free some space; nothing that was acknowledged is lost.",
  14: "The file cannot be opened. Check that its directory exists and can be read and written.",
  26: "The file is no SQLite database, or its first page is damaged. Restore the last good backup.",
}

const primaryCodes = 0x100

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const damageCodes: ReadonlySet<number> = new Set([11, 26])

/**
 * SQLITE_IOERR_READ, _SHORT_READ, _DATA and _CORRUPTFS: something that was written cannot be read. The other disk errors
 * are about writes and locks, and may pass.
 */
const unreadableCodes: ReadonlySet<number> = new Set([266, 522, 8202, 8458])

/** Whether SQLite finds the file damaged, or cannot read it. */
export function isDamage(cause: unknown): boolean {
  if (!isSqliteError(cause)) return false
  const code = cause.errcode ?? 0
  return damageCodes.has(code % primaryCodes) || unreadableCodes.has(code)
}

/** SQLite's message and what to do, on one line. For any other error, only its message. */
export function sqliteFailure(cause: unknown): string {
  if (!isSqliteError(cause)) return isNativeError(cause) ? cause.message : "unknown failure"
  const known = advice[(cause.errcode ?? 0) % primaryCodes]
  return known === undefined ? cause.message : `${cause.message}. ${known}`
}
