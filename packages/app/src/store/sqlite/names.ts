import { statSync } from "node:fs"
import { lockPath, realPath } from "./lock.ts"

/** Says why nothing may be acknowledged into a file, or `undefined` if it is the one that was opened. */
export type FileFault = () => string | undefined

/**
 * Watches the names of a store's file and of its log. A file that was deleted, renamed or replaced can still be written by
 * those who have it open, and everything written there is lost when they close it. So what was committed counts only if the
 * names still lead to the files that were opened.
 */
export function watchNames(path: string): FileFault {
  const log = `${realPath(path)}-wal`
  const opened = fileAt(path)
  let openedLog: FileAt | undefined
  return () => {
    openedLog ??= fileAt(log)
    const found = fileAt(path)
    // The log is empty after a checkpoint; the store's own file never is.
    const fate = fateOf(opened, found) ?? (found?.isEmpty === true ? "was emptied" : undefined)
    if (fate !== undefined) return lostFile(path, fate)
    const fateOfLog = openedLog === undefined ? undefined : fateOf(openedLog, fileAt(log))
    return fateOfLog === undefined ? undefined : lostFile(log, fateOfLog)
  }
}

/** Watches the lock by which one engine keeps every other off a store: without its name, a second one would get a new lock. */
export function watchLock(path: string): FileFault {
  const name = lockPath(path)
  const opened = fileAt(name)
  return () => {
    const fate = opened === undefined ? undefined : fateOf(opened, fileAt(name))
    if (fate === undefined) return undefined
    return `The file ${name} ${fate} while the engine runs, so a second engine could start on its store. Restart the engine.`
  }
}

export const lostFile = (name: string, fate: string): string =>
  `The file ${name} ${fate} while the engine runs, so what is written would be lost. ` +
  "Stop the engine, put the file and its -wal back, or restore the last good backup; then start it again."

/** What has become of the file that a name led to; `undefined` if it still does. */
function fateOf(opened: FileAt | undefined, found: FileAt | undefined): string | undefined {
  if (found === undefined) return "was deleted or renamed"
  return found.id === opened?.id ? undefined : "was replaced by another file"
}

interface FileAt {
  /** What tells a file from every other, by whatever name. */
  readonly id: string
  readonly isEmpty: boolean
}

function fileAt(name: string): FileAt | undefined {
  const found = statSync(name, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? undefined : { id: `${found.dev} ${found.ino}`, isEmpty: found.size === 0n }
}
