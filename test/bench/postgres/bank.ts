import { once } from "node:events"
import { createServer } from "node:http"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"

/** How long the bank takes to answer. */
export const answerMs = 20

const nothingNew = Buffer.from(
  getApplicationStatusResponse.encode({ waitingForAddition: false, paidOut: false }),
)

/** A bank that answers every poll without news, after `answerMs`. */
export async function openBank() {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    request.resume()
    setTimeout(() => {
      response.writeHead(200, { "content-type": "text/xml", "content-length": nothingNew.length })
      response.end(nothingNew)
    }, answerMs)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/`,
    /** How many questions the bank has received. */
    asked: () => asked,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
