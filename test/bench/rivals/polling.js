import { Agent, request } from "node:http"
import pg from "pg"
import { connectionsMax } from "../postgres/bodies.ts"
import { serveFleet } from "../postgres/member.ts"

const question = Buffer.from("x".repeat(600))
const claimedAtOnce = 20

/**
 * The floor of polling: due rows claimed by SKIP LOCKED, the bank asked, the row rescheduled; no budget, no answer
 * read, no journal.
 */
await serveFleet(async ({ url, bankUrl, inFlight }) => {
  const pool = new pg.Pool({ connectionString: url, max: connectionsMax })
  await pool.query(`CREATE TABLE IF NOT EXISTS due (
    reference text PRIMARY KEY, due_at bigint NOT NULL, attempts int NOT NULL DEFAULT 0)`)
  await pool.query("CREATE INDEX IF NOT EXISTS due_first ON due (due_at)")
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const ask = () =>
    new Promise((resolve, reject) => {
      const asked = request(bankUrl, { agent, method: "POST" }, (answer) => {
        answer.resume()
        answer.on("end", resolve)
      })
      asked.on("error", reject)
      asked.end(question)
    })
  let claimed = []
  let claiming
  const claim = async () => {
    const { rows } = await pool.query({
      name: "claim",
      text: `WITH taken AS (
          SELECT reference FROM due WHERE due_at <= 1 ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        UPDATE due SET due_at = 2 FROM taken WHERE due.reference = taken.reference RETURNING due.reference`,
      values: [claimedAtOnce],
    })
    claimed.push(...rows)
    claiming = undefined
  }
  return {
    prepare: (count) =>
      pool.query(`INSERT INTO due SELECT gen_random_uuid()::text, 1 FROM generate_series(1, $1::int)`, [
        count,
      ]),
    one: async () => {
      while (claimed.length === 0) await (claiming ??= claim())
      const { reference } = claimed.pop()
      await ask()
      await pool.query({
        name: "reschedule",
        text: "UPDATE due SET due_at = 4000000000000, attempts = attempts + 1 WHERE reference = $1",
        values: [reference],
      })
    },
  }
})
