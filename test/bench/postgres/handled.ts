import { setTimeout as pause } from "node:timers/promises"
import { query } from "../../stores/postgres/server.ts"

/** Where the alternatives' handlers leave what they did: how often, and how long after it was told they did so last. */
export const handledTable = `CREATE TABLE IF NOT EXISTS handled (
  reference text PRIMARY KEY, body text NOT NULL, runs int NOT NULL, waited_ms float8 NOT NULL)`

/** What one of their handlers does: a loan's state in one row. Counting its runs shows what comes twice. */
export const handle = `INSERT INTO handled (reference, body, runs, waited_ms)
  VALUES ($1, $2, 1, extract(epoch FROM clock_timestamp()) * 1000 - $3::float8)
  ON CONFLICT (reference) DO UPDATE SET runs = handled.runs + 1, waited_ms = excluded.waited_ms`

/** When something is told, in ms; all processes of a bench have one clock. */
export const toldNow = (): number => Date.now()

export async function handledSoFar(url: string): Promise<number> {
  const [row] = await query(url, "SELECT count(*)::int AS handled FROM handled")
  return Number(row?.["handled"])
}

/** Until so many have been handled. */
export async function untilHandled(url: string, count: number): Promise<void> {
  while ((await handledSoFar(url)) < count) await pause(10)
}
