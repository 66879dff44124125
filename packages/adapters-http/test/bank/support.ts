import type { ServerResponse } from "node:http"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Redacted } from "effect"
import { makeBankClient } from "../../src/bank/client.ts"
import type { BankClientLimits } from "../../src/bank/client.ts"
import type { BankError } from "../../src/bank/error.ts"
import { run, serveAnswers } from "../support.ts"

export const reference = ApplicationReference.make("14321-21234-445674-434344-345445")
export const password = Redacted.make("hunter2:å")
export const status = getApplicationStatusResponse.encode({ waitingForAddition: true, paidOut: false })
export const xml = { "content-type": "text/xml;charset=UTF-8" }

/** A client and a real HTTP server as its bank. `answer` answers every request. */
export const start = Effect.fnUntraced(function* (
  answer: (response: ServerResponse, count: number) => void,
  limits: Partial<BankClientLimits> = {},
  username = "agent-se",
) {
  const { url, requests } = yield* serveAnswers(answer)
  const client = yield* makeBankClient({ url: `${url}/ApplicationService?x=1`, username, password, limits })
  return { client, requests, url }
})

export const reply =
  (body: Uint8Array | string, code = 200, headers: Record<string, string> = xml) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end(body)

/** The outcome of a status question to a bank that answers with `answer`. */
export const failing = (
  answer: (response: ServerResponse, count: number) => void,
  limits: Partial<BankClientLimits> = {},
): Promise<BankError> =>
  run(
    Effect.gen(function* () {
      const { client } = yield* start(answer, limits)
      return yield* Effect.flip(client.getApplicationStatus(reference))
    }),
  )
