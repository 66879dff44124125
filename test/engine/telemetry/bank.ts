import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export interface BankAnswer {
  readonly status: number
  readonly body: string
}

/** A server on loopback. `answer` gives the answer to each SOAP operation or other request. */
export async function startBank(answer: (operation: string) => BankAnswer) {
  const server = createServer((request, response) => {
    let text = ""
    request.setEncoding("utf8").on("data", (part: string) => (text += part))
    request.on("end", () => {
      const { status, body } = answer(/getApplication[A-Za-z]+/u.exec(text)?.[0] ?? "")
      response.writeHead(status, { "content-type": "text/xml" }).end(body)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}

export const nothingNew: BankAnswer = {
  status: 200,
  body: "<getApplicationStatusResponse><waitingForAddition>false</waitingForAddition><paidOut>false</paidOut></getApplicationStatusResponse>",
}
