import { setTimeout as pause } from "node:timers/promises"
import { query } from "../../postgres/server.ts"

/** Where the alternatives' handlers leave what they did: how often, and when last. */
export const handledTable = `CREATE TABLE IF NOT EXISTS handled (
  reference text PRIMARY KEY, body text NOT NULL, runs int NOT NULL, handled_at timestamptz NOT NULL)`

/** What one of their handlers does: a loan's state in one row. Counting its runs shows what comes twice. */
export const handle = `INSERT INTO handled (reference, body, runs, handled_at) VALUES ($1, $2, 1, clock_timestamp())
  ON CONFLICT (reference) DO UPDATE SET runs = handled.runs + 1, handled_at = clock_timestamp()`

export async function handledSoFar(url: string): Promise<number> {
  const [row] = await query(url, "SELECT count(*)::int AS handled FROM handled")
  return Number(row?.["handled"])
}

/** Until so many have been handled. */
export async function untilHandled(url: string, count: number): Promise<void> {
  while ((await handledSoFar(url)) < count) await pause(10)
}
