import type { Server } from "node:net"
import type { LoanEngineHandle } from "@loan-engine/app"

/** Prints the server's address. On SIGTERM it closes first the server and then the engine. */
export function announce(server: Server, engine: LoanEngineHandle): void {
  const say = (): void => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    process.stdout.write(`listening on http://127.0.0.1:${port}\n`)
  }
  if (server.listening) say()
  else server.once("listening", say)
  process.once("SIGTERM", () => {
    server.close(() => void engine.close())
  })
}
