import { Effect, Scope } from "effect"
import { additionAt, openEngine } from "../../stores/postgres/engines.ts"
import { body } from "./bodies.ts"
import { filledReference } from "./filled.ts"
import { serveFleet } from "./member.ts"

interface Setup {
  readonly url: string
  readonly member: number
  /** How many loans there are already: every other record is then news of one of them, scattered over all. */
  readonly known?: number
  /** Into how many partitions the tables are split, if they are to be made; the engine's own default otherwise. */
  readonly partitions?: number
}

/** A multiplier that scatters consecutive numbers over any of the sizes, and meets each once before any twice. */
const scatter = 7_368_787

/** A replica that records in process: a word on a loan of its own, as a burst of callbacks is. */
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
  // Each is later than those before it, so that it is news to any loan.
  return { one: () => Effect.runPromise(engine.record(next(), additionAt(2_000 + recorded), raw)) }
})
