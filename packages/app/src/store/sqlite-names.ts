import { statSync } from "node:fs"

/** Says why nothing may be acknowledged into a file, or `undefined` if its name still leads to it. */
export type NamesFault = () => string | undefined

/**
 * Watches the names of a store's file and of its log. A file that was deleted, renamed or replaced can still be written by
 * those who have it open, and everything written there is lost when they close it. So what was committed counts only if the
 * names still lead to the files that were opened.
 */
export function watchNames(path: string): NamesFault {
  const watched = [{ name: path, opened: fileAt(path) }]
  const log = `${path}-wal`
  return () => {
    if (watched.length === 1 && fileAt(log) !== undefined) watched.push({ name: log, opened: fileAt(log) })
    const lost = watched.find(({ name, opened }) => fileAt(name) !== opened)
    if (lost === undefined) return undefined
    const fate = fileAt(lost.name) === undefined ? "was deleted or renamed" : "was replaced by another file"
    return (
      `The file ${lost.name} ${fate} while the engine runs, so what is written would be lost. ` +
      "Stop the engine, put the file and its -wal back, or restore the last good backup; then start it again."
    )
  }
}

/** What tells a file from every other, whatever its name; `undefined` where there is none. */
function fileAt(name: string): string | undefined {
  const found = statSync(name, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev} ${found.ino}`
}
