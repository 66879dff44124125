import { Effect, Scope } from "effect"
import { additionAt, openEngine } from "../../stores/postgres/engines.ts"
import { body } from "./bodies.ts"
import { filledReference } from "./filled.ts"
import { serveFleet } from "./member.ts"

interface Setup {
  readonly url: string
  readonly member: number
  /** How many loans exist already. Every second record is then about one of them, from all over the table. */
  readonly known?: number
  /** How many partitions a new table gets. The default is the engine's own. */
  readonly partitions?: number
}

/** A multiplier that spreads consecutive numbers over all loans. No loan repeats before all others have occurred. */
const scatter = 7_368_787

/**
 * A replica that records reports in process, each about a new loan. A burst of callbacks consists of such reports.
 */
await serveFleet(async (setup) => {
  const { url, member, known = 0, partitions } = setup as Setup
  const engine = await Effect.runPromise(
    Effect.flatMap(Scope.make(), (scope) =>
      Scope.provide(
        openEngine(url, partitions === undefined ? {} : { databasePartitions: partitions }),
        scope,
      ),
    ),
  )
  const raw = new TextEncoder().encode(body)
  let recorded = 0
  const next = (): string => {
    const number = recorded++
    if (known === 0 || number % 2 === 0) return `member-${member}-${process.pid}-${number}`
    return filledReference(((number * 3 + member) * scatter) % known)
  }
  // Each report is later than all earlier ones, so it is news for any loan.
  return { one: () => Effect.runPromise(engine.record(next(), additionAt(2_000 + recorded), raw)) }
})
