import { once } from "node:events"
import { openLoanEngine } from "@loan-engine/app/index"

/**
 * A merchant's process that embeds the engine. It reports when the engine is open, and then waits for the order to
 * use it.
 */
const [, , databaseUrl = ""] = process.argv
const engine = await openLoanEngine({
  databaseUrl,
  logLevel: "debug",
  stopDrainMs: 1,
  accounts: { se: { allowUnauthenticatedCallbacks: true } },
})
process.stdout.write("open\n")
await once(process.stdin, "data")
for (let loan = 0; loan < 5; loan++) {
  await engine.register({ applicationReference: `loan-${loan}`, decision: "APPROVED" }, { account: "se" })
}
await engine.close()
process.stdout.write("closed\n")
process.exit()
