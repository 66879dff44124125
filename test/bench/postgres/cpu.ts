import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { PostgresServer } from "../../stores/postgres/server.ts"

/** Linux counts a process's time in hundredths of a second. */
const ticksPerSecond = 100

/**
 * The processor time that these processes and the database server have used so far, in seconds. It shows the cost of
 * a record even if other programs disturb the rates. `undefined` on systems that do not report it.
 */
export function cpuSeconds({ directory }: PostgresServer, pids: ReadonlyArray<number>): number | undefined {
  if (!existsSync("/proc/self/stat")) return undefined
  const [postmaster] = readFileSync(join(directory, "postmaster.pid"), "utf8").split("\n").map(Number)
  let ticks = 0
  for (const name of readdirSync("/proc")) {
    const pid = Number(name)
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined
    if (stat === undefined) continue
    if (pids.includes(pid) || pid === postmaster || stat.parent === postmaster) ticks += stat.ticks
  }
  return ticks / ticksPerSecond
}

function statOf(pid: number): { readonly parent: number; readonly ticks: number } | undefined {
  try {
    // The process name in brackets may contain any character. Numbers follow, separated by blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined
  }
}
