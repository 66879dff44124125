import { statfsSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { filesOfStore, realPath } from "./lock.ts"

/** No permissions for other users of the machine: the store's files contain personal data from the bank. */
const othersMay = 0o077

/**
 * File systems whose locks or syncs are unreliable, and file systems in memory, by their magic number in `statfs`.
 */
const unreliable: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS, where locks and syncs depend on the server"],
  [0x517b, "SMB, where locks and syncs depend on the server"],
  [0xff53_4d42, "CIFS, where locks and syncs depend on the server"],
  [0xfe53_4d42, "SMB, where locks and syncs depend on the server"],
  [0x0102_1997, "9p, where locks and syncs depend on the host"],
  [0x6573_5546, "FUSE, where locks and syncs depend on a program"],
  [0x0102_1994, "tmpfs, which is memory and loses everything when the machine stops"],
  [0x8584_58f6, "ramfs, which is memory and loses everything when the machine stops"],
])

/**
 * Weaknesses of a file's place and permissions, as sentences that say what to do. Because of them, the file could be
 * lost, or other users could read it. `others` are files that belong to the store, such as its anchors.
 */
export const sqliteWeaknesses = (path: string, others: ReadonlyArray<string> = []): ReadonlyArray<string> => [
  ...placeWeaknesses(dirname(realPath(path))),
  ...modeWeaknesses([...filesOfStore(path), ...others]),
]

function placeWeaknesses(directory: string): ReadonlyArray<string> {
  const kind = unreliable.get(statfsSync(directory).type)
  return kind === undefined
    ? []
    : [`${directory} is on ${kind}. Put the store on a local disk, or use PostgreSQL.`]
}

/** Files that other users of this machine may read or write, as a sentence that says what to do. */
export function modeWeaknesses(files: ReadonlyArray<string>): ReadonlyArray<string> {
  // Windows has access lists instead of permission bits.
  if (process.platform === "win32") return []
  const open = files.filter(
    (file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & othersMay) !== 0,
  )
  return open.length === 0
    ? []
    : [`Others on this machine may read or write ${open.join(", ")}. Run: chmod 600 ${open.join(" ")}`]
}
