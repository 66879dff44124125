import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import { AccountName } from "@loan-engine/domain/observation"
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { request } from "undici"
import { configOf } from "../config/config.ts"
import type { LoanEngineSettings } from "../config/settings.ts"
import { registerCallback } from "../callbacks/callback-registration.ts"
import { engineServer } from "../engine/server.ts"
import { LoanEngine } from "../record/engine.ts"
import { HttpListener } from "../serve/listener.ts"
import { LoanStore } from "../ports/loan-store.ts"
import type { ChaosLevel } from "./chaos.ts"
import { makeSpeaker } from "./dialects/speaking.ts"
import { callbackCredentials, serveBank } from "./served-bank.ts"

export interface DemoOptions {
  readonly seed: string
  readonly chaos: ChaosLevel
  /** Bank seconds per real second. The engine's poll intervals shrink by the same factor. */
  readonly speed: number
  /** Whether the bank also sends its messages in forms that its page does not show. */
  readonly dialects: boolean
  readonly databasePath: string
  /** The only API key of the engine. It has every scope. */
  readonly apiKey: Redacted.Redacted
}

/** `mainAccount` has random loans. `pageAccount` plays the examples of the bank's page. */
export const mainAccount = AccountName.make("sandbox")
export const pageAccount = AccountName.make("bank-page")

/**
 * The share of lives in which the bank changes its mind: it revokes, re-opens, inspects again, changes its offer, or
 * lets the offer expire.
 */
const secondThoughts = 0.15
/** A sandbox bank and an engine. They communicate only by HTTP on loopback. */
export const makeDemo = Effect.fnUntraced(function* (options: DemoOptions) {
  const served = yield* serveBank({
    seed: options.seed,
    chaos: options.chaos,
    speed: options.speed,
    accounts: [mainAccount, pageAccount],
    secondThoughts,
    ...(options.dialects ? { speak: makeSpeaker(options.seed) } : {}),
  })
  const { bank, url: bankUrl, accessOf } = served
  const config = yield* configOf(engineSettings(options, served))
  const engineScope = yield* Scope.fork(yield* Effect.scope)
  const engineContext = yield* Scope.provide(Layer.build(engineServer(config)), engineScope)
  const engineUrl = Context.get(engineContext, HttpListener).url

  for (const account of [mainAccount, pageAccount]) {
    const access = accessOf(account)
    const registration = {
      callbackUrl: `${engineUrl}/callbacks/${account}`,
      authorization: { method: "BASIC" as const, credentials: Redacted.make(callbackCredentials) },
    }
    const at = { url: access.url, client: yield* makeBankClient(access) }
    // The port is new in each run, but a reused store still has the URL of an earlier run. So this registration is
    // forced.
    yield* registerCallback(account, at, registration, { forced: true }).pipe(
      Effect.provideContext(engineContext),
    )
  }
  const client = yield* makeBankClient(accessOf(mainAccount))

  /**
   * The merchant's part: sends an application to the bank, and registers the bank's unchanged answer with the engine.
   */
  const apply = Effect.fnUntraced(function* (externalReference: string) {
    const { raw, contentType } = yield* client.submitApplicationExt({
      xml: `<resurs-response><loan>${externalReference}</loan></resurs-response>`,
      consumerIp: "127.0.0.1",
      externalReference,
    })
    const status = yield* Effect.promise(async () => {
      const answer = await request(`${engineUrl}/v1/loans?account=${mainAccount}`, {
        method: "POST",
        headers: { authorization: `Bearer ${Redacted.value(options.apiKey)}`, "content-type": contentType },
        body: raw,
      })
      await answer.body.dump()
      return answer.statusCode
    })
    if (status !== 201) return yield* Effect.die(new Error(`registration answered ${status}`))
  })

  const engine = Context.get(engineContext, LoanEngine)
  const store = Context.get(engineContext, LoanStore)
  return {
    bank,
    bankUrl,
    accessOf,
    engineUrl,
    engine,
    store,
    database: config.database,
    apply,
    /** Resolves after the engine's last write. */
    stopEngine: Scope.close(engineScope, Exit.void),
  }
})
export type Demo = Effect.Success<ReturnType<typeof makeDemo>>

/**
 * The engine's settings. The signatures in the examples of the bank's page are not valid, so `pageAccount` verifies
 * no signatures and uses only credentials.
 */
const engineSettings = (
  options: DemoOptions,
  { unsignedSettingsOf, jwksSettings }: Effect.Success<ReturnType<typeof serveBank>>,
): LoanEngineSettings => ({
  port: 0,
  databaseUrl: options.databasePath,
  apiKey: Redacted.value(options.apiKey),
  // The demo registers all loans at once, faster than the usual limit.
  apiRequestsPerSecondMax: 1_000_000,
  stopDrainMs: 1,
  // The sandbox bank needs no protection from many polls, and its time runs fast.
  pollRatePerSecond: 2_000,
  pollsInFlightMax: 16,
  pollIntervalScale: 1 / options.speed,
  accounts: {
    [mainAccount]: { currency: "SEK", ...unsignedSettingsOf(mainAccount), ...jwksSettings },
    [pageAccount]: { currency: "SEK", ...unsignedSettingsOf(pageAccount) },
  },
})
