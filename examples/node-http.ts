/** A merchant's service on plain node:http. */
import { createServer } from "node:http"
import type { ServerResponse } from "node:http"
import { text } from "node:stream/consumers"
import { openLoanEngine } from "@loan-engine/app"
import { failurePage, loanPage, statusOf } from "./loan-page.ts"
import { announce } from "./announce.ts"

const engine = await openLoanEngine({}, { environment: process.env })

const html = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end(body)
}

const server = createServer((request, response) => {
  const [, area, rest = ""] = (request.url ?? "").split("/")
  const named = decodeURIComponent(rest)

  // The bank's callbacks: /callbacks/se
  if (area === "callbacks") return engine.listener(request, response)

  // The bank's unchanged answer to an application: /applications/se
  const answered = async (): Promise<void> => {
    if (area === "applications") {
      const loan = await engine.register(await text(request), { account: named })
      return html(response, 201, loanPage(loan))
    }
    return html(response, 200, loanPage(await engine.loan(named)))
  }
  answered().catch((error: unknown) => {
    html(response, statusOf(error), failurePage)
  })
})

announce(server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1"), engine)
