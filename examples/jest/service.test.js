/** The engine and the sandbox bank in Jest, from CommonJS: `require` of an ES module, on Node 24.9 or newer. */
const { mkdtempSync, rmSync } = require("node:fs")
const { createServer } = require("node:http")
const { tmpdir } = require("node:os")
const { join } = require("node:path")
const { openLoanEngine } = require("@loan-engine/app")
const { openSandboxBank } = require("@loan-engine/app/testing")

test("our service agrees with the bank", async () => {
  const directory = mkdtempSync(join(tmpdir(), "service-"))
  const bank = await openSandboxBank({ accounts: ["se"] })
  const engine = await openLoanEngine({
    databaseUrl: join(directory, "loans.sqlite"),
    pollIntervalScale: bank.pollIntervalScale,
    pollRatePerSecond: 1000,
    stopDrainMs: 1,
    logLevel: "error",
    accounts: { se: bank.settingsOf("se") },
  })
  const server = createServer(engine.listener).listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  bank.sendCallbacks(`http://127.0.0.1:${server.address().port}/callbacks/se`, "se")

  const { xml } = await bank.submit("se")
  await engine.register(xml, { account: "se" })
  expect(await bank.disagreements((reference) => engine.loan(reference))).toEqual([])
  await expect(engine.loan("unknown")).rejects.toMatchObject({ problem: { code: "loan-unknown" } })

  server.close()
  server.closeAllConnections()
  await engine.close()
  await bank.close()
  rmSync(directory, { recursive: true })
}, 60_000)
