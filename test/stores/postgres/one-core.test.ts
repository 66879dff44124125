import { readStatements } from "@loan-engine/app/store/postgres/statements"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openEngine, scoped } from "./engines.ts"
import type { PostgresServer } from "./server.ts"
import { session, startPostgres } from "./server.ts"

let server: PostgresServer
let url: string
beforeAll(async () => {
  server = await startPostgres()
  url = await server.newDatabase()
  await scoped(Effect.asVoid(openEngine(url)))
})
afterAll(() => server.remove())

/** The plan of a statement, by a planner that takes workers wherever it may. */
const planOf = (statement: string): Promise<string> =>
  scoped(
    Effect.gen(function* () {
      const connection = yield* session(url)
      yield* connection.query("SET debug_parallel_query = on")
      const literal = statement.replaceAll(/\$4::int/gu, "10").replaceAll(/\$\d/gu, "'a'")
      const { rows } = yield* connection.query(`EXPLAIN ${literal}`)
      return JSON.stringify(rows)
    }),
  )

const reads = readStatements("loan_engine")
const ofMany = [
  "stageCounts",
  "stalledCount",
  "loans",
  "loansAtStage",
  "loansStalled",
  "loansClosed",
  "loansNamed",
] as const

describe("a statement that reads many loans runs on one core, so that callbacks have the others:", () => {
  it.each(ofMany)("%s", async (name) => {
    const statement = reads[name]
    expect(await planOf(statement)).not.toContain("Gather")
    const free = statement.slice(statement.indexOf("SELECT", statement.indexOf("one_core AS (SELECT") + 20))
    expect(await planOf(free)).toContain("Gather")
  })
})
