/** A merchant's service on Fastify. */
import Fastify from "fastify"
import { openLoanEngine } from "@loan-engine/app"
import { announce } from "./announce.ts"
import { failurePage, loanPage, statusOf } from "./loan-page.ts"

const engine = await openLoanEngine({}, { environment: process.env })
const app = Fastify()

// The bank's callbacks: /callbacks/se. Fastify does not parse their bodies, because the signature covers the original
// bytes.
await app.register(async (callbacks) => {
  callbacks.removeAllContentTypeParsers()
  callbacks.addContentTypeParser("*", (_request, _payload, done) => done(null))
  callbacks.post("/callbacks/:account", (request, reply) => {
    reply.hijack()
    engine.listener(request.raw, reply.raw)
  })
})

// The bank's unchanged answer to an application: /applications/se
app.addContentTypeParser(["text/xml", "application/xml"], { parseAs: "string" }, (_request, body, done) =>
  done(null, body),
)
app.post<{ Params: { account: string } }>("/applications/:account", async (request, reply) => {
  const loan = await engine.register(String(request.body), request.params)
  return reply.code(201).type("text/html; charset=utf-8").send(loanPage(loan))
})

app.get<{ Params: { reference: string } }>("/loans/:reference", async (request, reply) => {
  const loan = await engine.loan(request.params.reference)
  return reply.type("text/html; charset=utf-8").send(loanPage(loan))
})

app.setErrorHandler((error, _request, reply) => {
  return reply.code(statusOf(error)).type("text/html; charset=utf-8").send(failurePage)
})

await app.listen({ port: Number(process.env["PORT"] ?? 3000), host: "127.0.0.1" })
announce(app.server, engine)
