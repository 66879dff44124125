import { startPostgres } from "../../stores/postgres/server.ts"
import type { PostgresServer } from "../../stores/postgres/server.ts"

/**
 * The settings of a server that keeps acknowledged data through a loss of power. Every contender uses it. Its memory
 * is that of a small server. Checkpoints follow the time and not the volume, so that they affect all contenders
 * equally.
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

/** Starts a durable server, and removes it with its data after `use`. */
export async function onDurableServer<A>(use: (server: PostgresServer) => Promise<A>): Promise<A> {
  const server = await startPostgres(settings)
  try {
    return await use(server)
  } finally {
    await server.remove()
  }
}
