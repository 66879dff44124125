import { once } from "node:events"
import { createServer } from "node:http"
import type { ServerResponse } from "node:http"
import { breakerLimitsDefault } from "@loan-engine/adapters-http/bank/guard"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import { configOf } from "@loan-engine/app/config/config"
import { banksLayer } from "@loan-engine/app/polling/bank-clients"
import { Banks } from "@loan-engine/app/ports/banks"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { expect, it } from "vitest"

const atOnce = 20
const nothingNew = getApplicationStatusResponse.encode({ waitingForAddition: false, paidOut: false })

it("the largest number of polls at once all reach the bank: none waits for another's connection", async () => {
  const waiting: Array<ServerResponse> = []
  const bank = createServer((request, response) => {
    request.resume()
    // The bank answers nobody before all questions have arrived.
    if (waiting.push(response) < atOnce) return
    for (const each of waiting) each.writeHead(200, { "content-type": "text/xml" }).end(nothingNew)
  }).listen(0, "127.0.0.1")
  await once(bank, "listening")
  const address = bank.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const settings = {
    pollsInFlightMax: atOnce,
    pollRatePerSecond: 1_000,
    ...breakerLimitsDefault,
    accounts: {
      se: {
        bankUrl: `http://127.0.0.1:${port}/`,
        bankUsername: "agent",
        bankPassword: "secret",
        allowUnauthenticatedCallbacks: true,
      },
    },
  }
  const references = Array.from({ length: atOnce }, (_, index) => ApplicationReference.make(`loan-${index}`))
  const asking = Effect.flatMap(Banks, (banks) =>
    Effect.forEach(banks.values(), ({ getApplicationStatus }) =>
      Effect.forEach(references, getApplicationStatus, { concurrency: "unbounded" }),
    ),
  )
  const config = await Effect.runPromise(configOf(settings))
  const [answers] = await Effect.runPromise(Effect.provide(asking, banksLayer(config)))
  expect(answers).toHaveLength(atOnce)
  bank.closeAllConnections()
  bank.close()
})
