/** A merchant's service on Hono, or on any framework with web-standard requests and responses. */
import { createServer } from "node:http"
import { getRequestListener } from "@hono/node-server"
import { Hono } from "hono"
import { openLoanEngine } from "@loan-engine/app"
import { announce } from "./announce.ts"
import { failurePage, loanPage, statusOf } from "./loan-page.ts"

const engine = await openLoanEngine({}, { environment: process.env })
const app = new Hono()

// The bank's callbacks, at any path.
app.post("/callbacks/:account", (context) => engine.callback(context.req.param("account"))(context.req.raw))

// The bank's unchanged answer to an application: /applications/se
app.post("/applications/:account", async (context) => {
  const loan = await engine.register(await context.req.text(), context.req.param())
  return context.html(loanPage(loan), 201)
})

app.get("/loans/:reference", async (context) =>
  context.html(loanPage(await engine.loan(context.req.param("reference")))),
)

app.onError((error) => {
  const headers = { "content-type": "text/html; charset=utf-8" }
  return new Response(failurePage, { status: statusOf(error), headers })
})

const listener = getRequestListener(app.fetch)
const server = createServer((request, response) => void listener(request, response))
announce(server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1"), engine)
