import * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, Layer, Redacted, Schema, Scope } from "effect"
import { PersistedQueue } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { body, connectionsMax } from "./bodies.ts"
import { handle, handledTable, toldNow } from "./handled.ts"
import { serveFleet } from "./member.ts"

interface Setup {
  readonly url: string
  readonly member: number
  readonly handleMs?: number
  readonly lockSeconds: number
  readonly workers: number
}

/** A persisted queue. Each report is added to it, and each process takes reports from it. */
await serveFleet(async (setup) => {
  const { url, member, handleMs = 0, lockSeconds, workers } = setup as Setup
  const database = PgClient.layer({ url: Redacted.make(url), maxConnections: connectionsMax })
  const store = PersistedQueue.layerStoreSql({
    pollInterval: "20 millis",
    lockRefreshInterval: `${lockSeconds / 3} seconds`,
    lockExpiration: `${lockSeconds} seconds`,
  })
  const layer = PersistedQueue.layer.pipe(Layer.provide(store), Layer.provideMerge(database))
  const context = await Effect.runPromise(
    Effect.flatMap(Scope.make(), (scope) => Layer.buildWithScope(layer, scope)),
  )
  const run = Effect.runPromiseWith(context)
  const said = Schema.Struct({ reference: Schema.String, body: Schema.String, toldAt: Schema.Number })
  const { queue, sql } = await run(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql.unsafe(handledTable)
      return { sql, queue: yield* PersistedQueue.make({ name: "loans", schema: said }) }
    }),
  )
  const take = queue.take(({ reference, body, toldAt }) =>
    Effect.andThen(Effect.sleep(handleMs), sql.unsafe(handle, [reference, body, toldAt])),
  )
  for (let worker = 0; worker < workers; worker++) void run(Effect.forever(Effect.orDie(take)))
  let offered = 0
  return {
    one: () => {
      const reference = `loan-${member}-${process.pid}-${offered++}`
      return run(queue.offer({ reference, body, toldAt: toldNow() }, { id: reference }))
    },
  }
})
