import { NodeClusterSocket } from "@effect/platform-node"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Context, Effect, Layer, Option, Redacted, Schema, Scope } from "effect"
import { ClusterSchema, Entity, RunnerAddress } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { SqlClient } from "effect/sql"
import { freePort } from "../../whole/slice/engine-process.ts"
import { body, connectionsMax } from "./bodies.ts"
import { handle, handledTable, toldNow } from "./handled.ts"
import { serveFleet } from "./member.ts"

interface Setup {
  readonly url: string
  readonly member: number
  readonly handleMs?: number
  readonly lockSeconds: number
}

const Loan = Entity.make("Loan", [
  Rpc.make("Record", {
    payload: { reference: Schema.String, body: Schema.String, toldAt: Schema.Number },
    primaryKey: ({ reference }) => reference,
  }).annotate(ClusterSchema.Persisted, true),
])

/** A sharded cluster. Each loan is an entity of one runner, and each report to it is a persisted message. */
await serveFleet(async (setup) => {
  const { url, member, handleMs = 0, lockSeconds } = setup as Setup
  const port = await freePort()
  const handlers = Loan.toLayer(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return Loan.of({
        Record: ({ payload }) =>
          Effect.sleep(handleMs).pipe(
            Effect.andThen(sql.unsafe(handle, [payload.reference, payload.body, payload.toldAt])),
            Effect.orDie,
            Effect.asVoid,
          ),
      })
    }),
    { maxIdleTime: "5 seconds" },
  )
  const cluster = NodeClusterSocket.layer({
    shardingConfig: {
      runnerAddress: Option.some(RunnerAddress.make("127.0.0.1", port)),
      shardLockRefreshInterval: `${lockSeconds / 3} seconds`,
      shardLockExpiration: `${lockSeconds} seconds`,
      maxResidentEntities: 1_000_000,
    },
  })
  const database = PgClient.layer({ url: Redacted.make(url), maxConnections: connectionsMax })
  const layer = handlers.pipe(Layer.provideMerge(cluster), Layer.provideMerge(database))
  const context = await Effect.runPromise(
    Effect.flatMap(Scope.make(), (scope) => Layer.buildWithScope(layer, scope)),
  )
  const run = Effect.runPromiseWith(context)
  await run(Context.get(context, SqlClient.SqlClient).unsafe(handledTable))
  const client = await run(Loan.client)
  let said = 0
  return {
    one: () => {
      const reference = `loan-${member}-${process.pid}-${said++}`
      return run(client(reference).Record({ reference, body, toldAt: toldNow() }))
    },
  }
})
