import { createHash } from "node:crypto"
import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import type { CallbackTransport } from "@loan-engine/app/sandbox/callback-sender"
import { makeHttpTransport } from "@loan-engine/app/sandbox/callback-sender"
import { speakPlainly } from "@loan-engine/app/sandbox/dialects/speaking"
import { makeSandboxBank } from "@loan-engine/app/sandbox/sandbox-bank"
import { sandboxJwksApiKey, sandboxPaths, sandboxServer } from "@loan-engine/app/sandbox/sandbox-server"
import { Context, Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"

const username = "crash"
const password = "crash-password"

/** Bank seconds in each real second: a month in half a minute. */
const speed = 200_000

/** How often the bank sent one callback with the same bytes, and how often the answer was below 300. */
export interface Told {
  readonly digest: string
  begun: number
  acknowledged: number
}

/**
 * A sandbox bank over real HTTP. It records the answers to its callbacks, so that a test can trace each one. `route`
 * is a proxy between the bank and the engines: it gives the URL to which each callback is sent.
 */
export const makeWitnessedBank = Effect.fnUntraced(function* (
  seed: string,
  engineUrl: string,
  route: (url: string) => string = (url) => url,
) {
  const told = new Map<string, Told>()
  const listeners = new Set<() => void>()
  const http = yield* makeHttpTransport(speakPlainly)
  const carry: CallbackTransport = (url, headers, body) =>
    Effect.gen(function* () {
      const digest = createHash("sha256").update(body).digest("hex")
      const telling = told.get(digest) ?? { digest, begun: 0, acknowledged: 0 }
      told.set(digest, telling)
      telling.begun++
      const status = yield* http(route(url), headers, body)
      if (status < 200 || status >= 300) return status
      telling.acknowledged++
      for (const listener of listeners) listener()
      return status
    })
  const settings = {
    seed,
    chaos: "normal" as const,
    speed,
    accounts: new Map([[username, password]]),
    transport: carry,
  }
  const bank = yield* makeSandboxBank(settings)
  const server = yield* Layer.build(sandboxServer(bank, settings, 0))
  const { address } = Context.get(server, HttpServer.HttpServer)
  if (address._tag === "UnixPathAddress") return yield* Effect.die("the bank listens on a port")
  const url = `http://127.0.0.1:${address.port}`
  const client = yield* makeBankClient({
    url: `${url}${sandboxPaths.soap}`,
    username,
    password: Redacted.make(password),
  })
  yield* client.setCallback({
    callbackUrl: `${engineUrl}/callbacks/default`,
    authorization: {
      method: "BASIC",
      credentials: Redacted.make(Buffer.from("bank:secret").toString("base64")),
    },
  })
  return { bank, client, engineUrl, told, listeners, environment: environmentOf(url) }
})
export type WitnessedBank = Effect.Success<ReturnType<typeof makeWitnessedBank>>

/** The environment with which an engine process uses this bank. */
const environmentOf = (url: string): Readonly<Record<string, string>> => ({
  LOAN_ENGINE_BANK_URL: `${url}${sandboxPaths.soap}`,
  LOAN_ENGINE_BANK_USERNAME: username,
  LOAN_ENGINE_BANK_PASSWORD: password,
  LOAN_ENGINE_JWKS_URL: `${url}${sandboxPaths.jwks}`,
  LOAN_ENGINE_JWKS_API_KEY: sandboxJwksApiKey,
  LOAN_ENGINE_POLL_INTERVAL_SCALE: String(1 / speed),
  LOAN_ENGINE_POLL_RATE_PER_SECOND: "1000",
  LOAN_ENGINE_POLL_LEASE_MS: "2000",
})
