/** A merchant's service on Express. */
import express from "express"
import type { ErrorRequestHandler } from "express"
import { openLoanEngine } from "@loan-engine/app"
import { announce } from "./announce.ts"
import { failurePage, loanPage, statusOf } from "./loan-page.ts"

const engine = await openLoanEngine({}, { environment: process.env })
const app = express()

// The bank's callbacks: /callbacks/se. No body parser may run before, because the signature covers the original
// bytes.
app.post("/callbacks/:account", engine.listener)

// The bank's unchanged answer to an application: /applications/se
app.post("/applications/:account", express.text({ type: "*/*" }), async (request, response) => {
  const loan = await engine.register(String(request.body), request.params)
  response.status(201).send(loanPage(loan))
})

app.get("/loans/:reference", async (request, response) => {
  response.send(loanPage(await engine.loan(request.params.reference)))
})

const failed: ErrorRequestHandler = (error, _request, response, _next) => {
  response.status(statusOf(error)).send(failurePage)
}
app.use(failed)

announce(app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1"), engine)
