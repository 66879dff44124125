import { statSync } from "node:fs"
import { realPath } from "./sqlite-lock.ts"

/** Says why nothing may be acknowledged into a file, or `undefined` if its name still leads to it. */
export type NamesFault = () => string | undefined

/**
 * Watches the names of a store's file and of its log. A file that was deleted, renamed or replaced can still be written by
 * those who have it open, and everything written there is lost when they close it. So what was committed counts only if the
 * names still lead to the files that were opened.
 */
export function watchNames(path: string): NamesFault {
  const watched = [{ name: path, opened: fileAt(path) }]
  const log = `${realPath(path)}-wal`
  return () => {
    if (watched.length === 1 && fileAt(log) !== undefined) watched.push({ name: log, opened: fileAt(log) })
    const lost = watched.find(({ name, opened }) => fileAt(name) !== opened)
    if (lost === undefined) return undefined
    const found = fileAt(lost.name)
    const fate =
      found === undefined
        ? "was deleted or renamed"
        : found === emptied
          ? "was emptied"
          : "was replaced by another file"
    return (
      `The file ${lost.name} ${fate} while the engine runs, so what is written would be lost. ` +
      "Stop the engine, put the file and its -wal back, or restore the last good backup; then start it again."
    )
  }
}

const emptied = "emptied"

/** What tells a file from every other, whatever its name; `undefined` where there is none. A store's own file is never empty. */
function fileAt(name: string): string | undefined {
  const found = statSync(name, { bigint: true, throwIfNoEntry: false })
  if (found === undefined) return undefined
  return found.size === 0n && !name.endsWith("-wal") ? emptied : `${found.dev} ${found.ino}`
}
