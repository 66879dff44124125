import { statSync } from "node:fs"
import { lockPath, realPath } from "./lock.ts"

/** Says why a commit must not be acknowledged. `undefined` if the file is still the one that was opened. */
export type FileFault = () => string | undefined

/**
 * Watches the names of a store's file and of its log. If a file is deleted, renamed or replaced, a process that has
 * it open can still write to it, but that data is lost. So a commit counts only if the names still lead to the opened
 * files.
 */
export function watchNames(path: string): FileFault {
  const log = `${realPath(path)}-wal`
  const opened = fileAt(path)
  let openedLog: FileAt | undefined
  return () => {
    openedLog ??= fileAt(log)
    const found = fileAt(path)
    // An empty log is normal after a checkpoint. The store's own file is never empty.
    const fate = fateOf(opened, found) ?? (found?.isEmpty === true ? "was emptied" : undefined)
    if (fate !== undefined) return lostFile(path, fate)
    const fateOfLog = openedLog === undefined ? undefined : fateOf(openedLog, fileAt(log))
    return fateOfLog === undefined ? undefined : lostFile(log, fateOfLog)
  }
}

/**
 * Watches the name of the lock file. If the name is gone, a second engine could create a new lock file and use the
 * same store.
 */
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
  `The file ${name} ${fate} while the engine runs, so further writes would be lost. ` +
  "Stop the engine, put the file and its -wal back, or restore the last good backup; then start it again."

/** What happened to the file with this name. `undefined` if nothing did. */
function fateOf(opened: FileAt | undefined, found: FileAt | undefined): string | undefined {
  if (found === undefined) return "was deleted or renamed"
  return found.id === opened?.id ? undefined : "was replaced by another file"
}

interface FileAt {
  /** The identity of a file. It does not depend on the name. */
  readonly id: string
  readonly isEmpty: boolean
}

function fileAt(name: string): FileAt | undefined {
  const found = statSync(name, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? undefined : { id: `${found.dev} ${found.ino}`, isEmpty: found.size === 0n }
}
