import { setTimeout as pause } from "node:timers/promises"
import { query } from "../../stores/postgres/server.ts"

/**
 * A table in which the handlers of the alternatives count their runs. It also has the time from the last report to
 * its handling.
 */
export const handledTable = `CREATE TABLE IF NOT EXISTS handled (
  reference text PRIMARY KEY, body text NOT NULL, runs int NOT NULL, waited_ms float8 NOT NULL)`

/** The work of such a handler: it writes one row for the loan. `runs` shows a report that was handled twice. */
export const handle = `INSERT INTO handled (reference, body, runs, waited_ms)
  VALUES ($1, $2, 1, extract(epoch FROM clock_timestamp()) * 1000 - $3::float8)
  ON CONFLICT (reference) DO UPDATE SET runs = handled.runs + 1, waited_ms = excluded.waited_ms`

/** The time of a report, in milliseconds. All processes of a bench use the same clock. */
export const toldNow = (): number => Date.now()

export async function handledSoFar(url: string): Promise<number> {
  const [row] = await query(url, "SELECT count(*)::int AS handled FROM handled")
  return Number(row?.["handled"])
}

/** Waits until this many loans have been handled. */
export async function untilHandled(url: string, count: number): Promise<void> {
  while ((await handledSoFar(url)) < count) await pause(10)
}
