import pg from "pg"
import { body, connectionsMax } from "../postgres/bodies.ts"
import { serveFleet } from "../postgres/member.ts"

/** The floor: one prepared statement a record, a row of its bytes under a key, and nothing else. */
await serveFleet(async ({ url }) => {
  const pool = new pg.Pool({ connectionString: url, max: connectionsMax })
  await pool.query(
    "CREATE TABLE IF NOT EXISTS bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea)",
  )
  const raw = Buffer.from(body)
  const insert = { name: "insert", text: "INSERT INTO bare (body) VALUES ($1)", values: [raw] }
  return { one: () => pool.query(insert) }
})
