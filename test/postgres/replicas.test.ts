import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { propertySeed } from "../properties/settings.ts"
import type { World } from "./replica-run.ts"
import { leaseMs, replicaRun } from "./replica-run.ts"
import type { PostgresServer } from "./server.ts"
import { query, startPostgres } from "./server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const terminateAll = ({ url }: World) =>
  Effect.promise(() =>
    query(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loan-engine'",
    ),
  )

/** What befalls the engines or their database while callbacks and polls are under way. */
const disasters: ReadonlyArray<readonly [string, (world: World) => Effect.Effect<void>]> = [
  [
    "one of them is killed, and the others take over its polls",
    Effect.fnUntraced(function* (world) {
      yield* Effect.promise(async () => world.engines[0]?.kill())
      yield* world.acknowledged(60)
      yield* world.restart(0)
    }),
  ],
  [
    "one of them freezes for longer than its leases, and wakes with all that it was about to write",
    Effect.fnUntraced(function* ({ engines, acknowledged }) {
      const frozen = engines[1]?.pid ?? 0
      process.kill(frozen, "SIGSTOP")
      yield* Effect.all([Effect.sleep(2 * leaseMs), acknowledged(40)], { concurrency: 2 })
      process.kill(frozen, "SIGCONT")
    }),
  ],
  [
    "every session of the database is ended, again and again",
    Effect.fnUntraced(function* (world) {
      for (let kills = 0; kills < 5; kills++) {
        yield* terminateAll(world)
        yield* world.acknowledged(15)
      }
    }),
  ],
  ["the database is restarted", () => Effect.promise(() => server.restart())],
]

describe("three engines on one PostgreSQL lose nothing, apply nothing twice, and agree with the bank, though", () => {
  it.each(disasters)("%s", async (_, disaster) => {
    const seed = String(propertySeed)
    const report = await replicaRun(await server.newDatabase(), seed, disaster)
    expect(report.faults, `seed ${seed}`).toEqual([])
    expect(report.exitCodes).toEqual([0, 0, 0])
    expect(report.acknowledged).toBeGreaterThan(90)
    expect(report.loans).toBeGreaterThan(10)
  })
})
