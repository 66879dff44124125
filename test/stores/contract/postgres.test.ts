import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { Redacted } from "effect"
import { afterAll, beforeAll } from "vitest"
import type { PostgresServer } from "../postgres/server.ts"
import { query, startPostgres } from "../postgres/server.ts"
import { journalStoreContract } from "./journal-store-contract.ts"
import { loanListsContract } from "./loan-lists-contract.ts"
import { loanStoreContract } from "./loan-store-contract.ts"
import { plannedPollsContract } from "./planned-polls-contract.ts"
import { webhookStoreContract } from "./webhook-store-contract.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

/** A store on its own database. Its clock moves only if the test sets it. */
const clocked = async () => {
  const url = await server.newDatabase()
  return {
    layer: layerPostgres({ ...postgresDefaults, url: Redacted.make(url) }),
    setClock: (now: number) =>
      query(
        url,
        `CREATE OR REPLACE FUNCTION loan_engine.clock_ms() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
          $$ SELECT ${now}::bigint $$`,
      ),
  }
}

for (const contract of [loanStoreContract, plannedPollsContract, loanListsContract]) {
  contract("PostgreSQL", clocked)
}
webhookStoreContract("PostgreSQL", clocked)

journalStoreContract("PostgreSQL", async () => {
  const url = await server.newDatabase()
  return layerPostgres({ ...postgresDefaults, url: Redacted.make(url) })
})
