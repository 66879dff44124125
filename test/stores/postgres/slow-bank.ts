import { once } from "node:events"
import { createServer } from "node:http"
import { buffer } from "node:stream/consumers"
import { decodeBankRequest } from "@loan-engine/adapters-xml/bank-request"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import { Result } from "effect"

const nothingNew = getApplicationStatusResponse.encode({ waitingForAddition: false, paidOut: false })

/** A bank over HTTP that delays its answers about loans until the test calls `answer`. */
export async function makeSlowBank() {
  const asked: Array<string> = []
  const open = Promise.withResolvers<void>()
  let answered = 0
  const server = createServer((request, response) => {
    void (async () => {
      const decoded = Result.getOrThrow(decodeBankRequest(await buffer(request)))
      if (decoded.operation !== "getApplicationStatus") return response.writeHead(500).end()
      asked.push(decoded.request.applicationReference)
      await open.promise
      answered++
      return response.writeHead(200, { "content-type": "text/xml" }).end(nothingNew)
    })()
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    environment: {
      LOAN_ENGINE_BANK_URL: `http://127.0.0.1:${port}/`,
      LOAN_ENGINE_BANK_USERNAME: "slow",
      LOAN_ENGINE_BANK_PASSWORD: "slow-password",
    },
    /** The loans of the questions, in order. */
    asked: () => [...asked],
    answered: () => answered,
    answer: () => open.resolve(),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}
