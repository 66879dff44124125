import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { acceptQuoteResponse } from "@loan-engine/adapters-xml/accept-quote"
import { decodeBankRequest } from "@loan-engine/adapters-xml/bank-request"
import type { BankRequest } from "@loan-engine/adapters-xml/bank-request"
import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import { setCallbackResponse } from "@loan-engine/adapters-xml/set-callback"
import { encodeSoapFault } from "@loan-engine/adapters-xml/soap-envelope"
import { SoapFault } from "@loan-engine/adapters-xml/soap-fault"
import { submitApplicationExtResponse } from "@loan-engine/adapters-xml/submit-application-ext"
import { updateApplicationResponse } from "@loan-engine/adapters-xml/update-application"
import type { ExchangeResponse } from "@loan-engine/adapters-http/http/exchange"
import { Effect, Layer, Result } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type { Speak } from "./dialects/speaking.ts"
import { speakPlainly } from "./dialects/speaking.ts"
import type { SandboxBank, SandboxSettings } from "./sandbox-bank.ts"
import { decisionResult, triggers } from "./sandbox-bank.ts"

/** The sandbox uses the same paths as the bank. */
export const sandboxPaths = {
  soap: "/cl-webservice/ApplicationService",
  jwks: "/api/auth_service/jwks",
  trigger: "/api/external_test_utils/v1/ext-test-utils/agent/:action/:applicationReference",
} as const

/** The key that the sandbox's JWKS requires in the header `apikey`. */
export const sandboxJwksApiKey = "sandbox-api-key"

/**
 * The bank's HTTP server: SOAP with Basic authentication, the JWKS with the header `apikey`, and the test triggers.
 */
export const sandboxServer = (bank: SandboxBank, settings: SandboxSettings, port: number) =>
  HttpRouter.serve(sandboxRoutes(bank, settings), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(createServer, { host: "127.0.0.1", port, gracefulShutdownTimeout: 1_000 }),
    ),
  )

const sandboxRoutes = (bank: SandboxBank, settings: SandboxSettings) =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      yield* router.add("POST", sandboxPaths.soap, (request) =>
        Effect.gen(function* () {
          const bytes = new Uint8Array(yield* request.arrayBuffer)
          return httpResponse(yield* answerSoap(bank, settings, request.headers["authorization"], bytes))
        }).pipe(Effect.orDie),
      )
      yield* router.add("GET", sandboxPaths.jwks, (request) =>
        Effect.succeed(httpResponse(answerJwks(bank, request.headers["apikey"]))),
      )
      yield* router.add("GET", sandboxPaths.trigger, () =>
        Effect.gen(function* () {
          const { action = "", applicationReference = "" } = yield* HttpRouter.params
          const change = triggers.get(action)
          if (change === undefined) {
            const known = [...triggers.keys()].join(", ")
            return HttpServerResponse.text(`unknown action; known are ${known}`, { status: 400 })
          }
          const done = yield* bank.trigger(change, applicationReference)
          return HttpServerResponse.empty({ status: done ? 200 : 404 })
        }),
      )
    }),
  )

function accountOf(
  authorization: string | undefined,
  accounts: ReadonlyMap<string, string>,
): string | undefined {
  const [, encoded = ""] = /^basic +(.+)$/iu.exec(authorization ?? "") ?? []
  const [username = "", ...password] = Buffer.from(encoded, "base64").toString("utf8").split(":")
  return accounts.get(username) === password.join(":") ? username : undefined
}

/** Answers a SOAP request. Request and answer are bytes, so any transport can carry them. */
export function answerSoap(
  bank: SandboxBank,
  settings: SandboxSettings,
  authorization: string | undefined,
  bytes: Uint8Array,
): Effect.Effect<ExchangeResponse> {
  const account = accountOf(authorization, settings.accounts)
  if (account === undefined) {
    return Effect.succeed(text("unauthorized", 401, { "www-authenticate": 'Basic realm="sandbox"' }))
  }
  return Effect.gen(function* () {
    const decoded = decodeBankRequest(bytes)
    if (Result.isFailure(decoded)) {
      return yield* new SoapFault({ code: "Client", text: decoded.failure.message })
    }
    return xml(yield* answers(bank, account, decoded.success), 200)
  }).pipe(
    Effect.catch((fault) => Effect.succeed(xml(encodeSoapFault(fault), 500))),
    Effect.flatMap((answer) => spoken(answer, settings.speak ?? speakPlainly)),
  )
}

const spoken = (answer: ExchangeResponse, speak: Speak): Effect.Effect<ExchangeResponse> => {
  const contentType = String(answer.headers["content-type"])
  return Effect.map(speak("xml", { bytes: answer.body, contentType }), (said) => ({
    ...answer,
    headers: { ...answer.headers, "content-type": said.contentType },
    body: said.bytes,
  }))
}

/** Answers with the JWKS, if the caller has the right `apikey`. */
export const answerJwks = (bank: SandboxBank, apiKey: string | undefined): ExchangeResponse =>
  apiKey === sandboxJwksApiKey
    ? text(JSON.stringify({ keys: [bank.keys.jwk] }), 200, { "content-type": "application/json" })
    : text("apikey missing or wrong", 401, {})

const xml = (body: Uint8Array, status: number): ExchangeResponse => ({
  status,
  headers: { "content-type": "text/xml; charset=utf-8" },
  body,
})

const text = (body: string, status: number, headers: Readonly<Record<string, string>>): ExchangeResponse => ({
  status,
  headers: { "content-type": "text/plain", ...headers },
  body: new TextEncoder().encode(body),
})

const httpResponse = ({ status, headers, body }: ExchangeResponse): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.uint8Array(body, { status, headers })

function answers(
  bank: SandboxBank,
  account: string,
  asked: BankRequest,
): Effect.Effect<Uint8Array, SoapFault> {
  switch (asked.operation) {
    case "submitApplicationExt":
      return Effect.map(bank.open(account, asked.request.xml), submitApplicationExtResponse.encode)
    case "getApplicationStatus":
      bank.asked.status++
      return Effect.map(
        bank.find(asked.request.applicationReference, account),
        ({ waitingForAddition, signedWithMethod, requestedSigningMethod, paidOut }) =>
          getApplicationStatusResponse.encode({
            waitingForAddition,
            requestedSigningMethod,
            paidOut,
            ...(signedWithMethod === undefined ? {} : { signedWithMethod }),
          }),
      )
    case "getApplicationQuote":
      bank.asked.quote++
      return Effect.map(bank.find(asked.request.applicationReference, account), (loan) =>
        getApplicationQuoteResponse.encode(decisionResult(loan)),
      )
    case "setCallback": {
      const { callbackUrl, callbackCredentials, callbackAuthMethod } = asked.request
      bank.register(account, {
        callbackUrl,
        credentials: callbackCredentials,
        method: callbackAuthMethod,
      })
      return Effect.succeed(
        setCallbackResponse.encode({ callbackSet: true, message: "Set callback successful" }),
      )
    }
    case "updateApplication":
      return Effect.map(bank.find(asked.request.applicationReference, account), () =>
        updateApplicationResponse.encode({ updated: true, message: "Application updated" }),
      )
    case "acceptQuote":
      return Effect.map(bank.find(asked.request.applicationReference, account), () =>
        acceptQuoteResponse.encode({ accepted: true, message: "Quote accepted" }),
      )
  }
}
