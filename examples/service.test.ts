/**
 * Tests this service against a bank whose callbacks are lost, late and repeated. Run it with `node --test
 * examples/service.test.ts`.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { openLoanEngine } from "@loan-engine/app"
import { openSandboxBank } from "@loan-engine/app/testing"

void test("our service agrees with the bank, for any outcome of the callbacks", async () => {
  const directory = await mkdtemp(join(tmpdir(), "service-"))
  await using bank = await openSandboxBank({ seed: "7", chaos: "hell", accounts: ["se"] })
  await using engine = await openLoanEngine({
    databaseUrl: join(directory, "loans.sqlite"),
    pollIntervalScale: bank.pollIntervalScale,
    pollRatePerSecond: 1_000,
    stopDrainMs: 1,
    logLevel: "error",
    accounts: { se: bank.settingsOf("se") },
  })
  const server = createServer(engine.listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  assert(typeof address === "object" && address !== null)
  bank.sendCallbacks(`http://127.0.0.1:${address.port}/callbacks/se`, "se")

  for (let order = 0; order < 20; order++) {
    const { xml } = await bank.submit("se")
    await engine.register(xml, { account: "se" })
  }

  assert.deepEqual(await bank.disagreements((reference) => engine.loan(reference)), [])
  assert.equal(bank.callbacks().forgedAccepted, 0)
  server.close()
  server.closeAllConnections()
  await rm(directory, { recursive: true })
})
