import { setTimeout as pause } from "node:timers/promises"
import pg from "pg"
import { PgBoss } from "pg-boss"
import { body, connectionsMax } from "../postgres/bodies.ts"
import { handle, handledTable, toldNow } from "../postgres/handled.ts"
import { serveFleet } from "../postgres/member.ts"

const queue = "loans"

/**
 * A job queue: what is said is sent as a job, and each process fetches as many as it has workers, handles and
 * completes them.
 */
await serveFleet(async ({ url, member, handleMs = 0, lockSeconds, workers }) => {
  const pool = new pg.Pool({ connectionString: url, max: connectionsMax / 2 })
  const boss = new PgBoss({
    connectionString: url,
    max: connectionsMax / 2,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
  })
  boss.on("error", (error) => process.stderr.write(`pg-boss: ${error.message}\n`))
  await boss.start()
  await pool.query(handledTable)
  await boss.createQueue(queue, { expireInSeconds: lockSeconds, retryLimit: 10 })
  const work = async () => {
    for (;;) {
      const jobs = await boss.fetch(queue, { batchSize: workers })
      if (jobs.length === 0) {
        await pause(20)
        continue
      }
      await Promise.all(
        jobs.map(async ({ data }) => {
          if (handleMs > 0) await pause(handleMs)
          await pool.query({ name: "handle", text: handle, values: [data.reference, data.body, data.toldAt] })
        }),
      )
      await boss.complete(
        queue,
        jobs.map(({ id }) => id),
      )
    }
  }
  void work()
  let sent = 0
  return {
    one: () => {
      const reference = `loan-${member}-${process.pid}-${sent++}`
      return boss.send(queue, { reference, body, toldAt: toldNow() })
    },
  }
})
