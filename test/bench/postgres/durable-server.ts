import { startPostgres } from "../../stores/postgres/server.ts"
import type { PostgresServer } from "../../stores/postgres/server.ts"

/**
 * A server that keeps what it acknowledges through the loss of power, as every contender finds it. Its memory is that of a small
 * server; checkpoints come by time rather than by volume, so that none of them affects only one contender.
 */
const settings = [
  "fsync=on",
  "synchronous_commit=on",
  "full_page_writes=on",
  "shared_buffers=1GB",
  "max_wal_size=8GB",
  "checkpoint_timeout=15min",
  "max_connections=300",
]

/** Lends a durable server, and removes it with all that was written. */
export async function onDurableServer<A>(use: (server: PostgresServer) => Promise<A>): Promise<A> {
  const server = await startPostgres(settings)
  try {
    return await use(server)
  } finally {
    await server.remove()
  }
}
