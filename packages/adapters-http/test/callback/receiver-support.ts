import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Redacted } from "effect"
import type { Scope } from "effect"
import type { CallbackAccountOptions } from "../../src/callback/accounts.ts"
import type { CallbackCredentials } from "../../src/http/authorization.ts"
import { serveCallback } from "../../src/callback/node.ts"
import { makeCallbackReceiver } from "../../src/callback/receiver.ts"
import type {
  CallbackReceiver,
  CallbackReceiverLimits,
  CallbackReceiverOptions,
  RecordObservation,
} from "../../src/callback/receiver.ts"
import { makeJwks } from "../../src/signature/jwks.ts"
import type { JwksLimits } from "../../src/signature/jwks.ts"
import { makeJwsVerifier } from "../../src/signature/jws-verifier.ts"
import { jwksText, recorder, serveAnswers } from "../support.ts"
import type { TestKey } from "../support.ts"

export const credentials: ReadonlyArray<CallbackCredentials> = [
  { method: "BASIC", credentials: Redacted.make("dXNlcjpwYXNz") },
]
export const authorization = "Basic dXNlcjpwYXNz"

interface Receiver {
  readonly receiver: CallbackReceiver
  readonly seen: ReturnType<typeof recorder>["seen"]
  readonly post: (
    body: string | Uint8Array | undefined,
    headers?: Record<string, string>,
    account?: string,
  ) => Promise<Answer>
}
interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** A real HTTP server in front of the receiver. The path names the account. */
const serveReceiver = (receiver: CallbackReceiver): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((request, response) => {
        serveCallback(receiver, (request.url ?? "/").slice(1), request, response)
      })
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return server
    }),
    (server) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }),
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`))

export const start = Effect.fnUntraced(function* (
  account: CallbackAccountOptions,
  record?: RecordObservation,
  limits: Partial<CallbackReceiverLimits> = {},
  more: Pick<CallbackReceiverOptions, "isKnown"> = {},
) {
  const kept = recorder()
  const receiver = yield* makeCallbackReceiver({
    accounts: { se: account },
    record: record ?? kept.record,
    limits,
    ...more,
  })
  const url = yield* serveReceiver(receiver)
  const post: Receiver["post"] = async (body, headers = {}, account = "se") => {
    const response = await fetch(`${url}/${account}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization, ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : Buffer.from(body) }),
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Answer["body"],
    }
  }
  return { receiver, seen: kept.seen, post, url }
})

/** A verifier with a real JWKS server that publishes `key`. */
export const verifying = Effect.fnUntraced(function* (key: TestKey, limits: Partial<JwksLimits> = {}) {
  const jwksServer = { status: 200 }
  const { url, requests } = yield* serveAnswers((response) =>
    response.writeHead(jwksServer.status).end(jwksText(key.publicJwk)),
  )
  const jwks = yield* makeJwks({ url, limits })
  return { jws: makeJwsVerifier({ jwks }), jwks, jwksServer, requests }
})

export const signedEvent = { applicationReference: "ABC-123", applicationEventType: "SIGNED" }
export const unsigned = JSON.stringify({ externalApplicationEvent: signedEvent })
export const body = (jwsData: string, event: object = signedEvent): string =>
  JSON.stringify({ externalApplicationEvent: event, jwsData })
export const ask = <A>(promise: () => Promise<A>): Effect.Effect<A> => Effect.promise(promise)
