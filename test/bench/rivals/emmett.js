import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql"
import { STREAM_DOES_NOT_EXIST } from "@event-driven-io/emmett"
import { body } from "../postgres/bodies.ts"
import { serveFleet } from "../postgres/member.ts"

/**
 * An event store that appends the same words, each to a loan's own stream at its expected version. It keeps no hash
 * chain, runs no machine and writes no snapshot. Its pool is the driver's own, of ten connections.
 */
await serveFleet(async ({ url, member }) => {
  const store = getPostgreSQLEventStore(url)
  await store.schema.migrate()
  const data = JSON.parse(body)
  let appended = 0
  return {
    one: () =>
      store.appendToStream(
        `loan-${member}-${process.pid}-${appended++}`,
        [{ type: "agreement.signed", data }],
        { expectedStreamVersion: STREAM_DOES_NOT_EXIST },
      ),
  }
})
