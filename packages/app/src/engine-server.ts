import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { makeBankClient } from "@loan-engine/adapters-http/bank-client"
import type { CallbackAccountOptions } from "@loan-engine/adapters-http/callback-accounts"
import { makeCallbackReceiver, RecordUnavailable } from "@loan-engine/adapters-http/callback-receiver"
import { serveCallback } from "@loan-engine/adapters-http/callback-node"
import { makeJwks } from "@loan-engine/adapters-http/jwks"
import { makeJwsVerifier } from "@loan-engine/adapters-http/jws-verifier"
import { Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { retryAfterSeconds } from "./api/problem.ts"
import { apiRoutes } from "./api/routes.ts"
import { Banks } from "./banks.ts"
import { watchCallbacks } from "./callback-watch.ts"
import type { AccountConfig, EngineConfig } from "./config.ts"
import { LoanEngine } from "./engine.ts"
import { HttpListener, listen } from "./http-listener.ts"
import { Poller } from "./poller.ts"
import { layerSealing } from "./sealing.ts"
import { holdStoreLock } from "./store/sqlite-lock.ts"
import { layerSqlite, sqliteDefaults } from "./store/sqlite.ts"

/** The whole engine behind HTTP: store, engine, poller, callback receiver, API. */
export const engineServer = (config: EngineConfig) => {
  const store = layerSqlite({ path: config.databasePath, ...sqliteDefaults, writerThread: true }).pipe(
    Layer.provide(Layer.effectDiscard(holdStoreLock(config.databasePath))),
  )
  const engine = LoanEngine.layer(config.poller.cadence).pipe(
    Layer.provideMerge(layerSealing(config.sealing)),
    Layer.provideMerge(store),
  )
  const poller = Poller.layer(config.poller).pipe(
    Layer.provideMerge(engine),
    Layer.provideMerge(banksLayer(config)),
  )
  return Layer.effect(HttpListener, serve(config)).pipe(Layer.provideMerge(poller))
}

/** The bank's callbacks go straight to the receiver; everything else is routed. */
const serve = Effect.fnUntraced(function* (config: EngineConfig) {
  const receiver = yield* callbackReceiver(config)
  const { host, port, apiKey, serverLimits } = config
  const accounts = config.accounts.map(({ name }) => name)
  yield* watchCallbacks(config.callbackHealth, accounts, receiver.rejections)
  const routes = yield* HttpRouter.toHttpEffect(apiRoutes({ apiKey, accounts }))
  const routed = yield* NodeHttpServer.makeHandler(routes, { scope: yield* Effect.scope })
  return yield* listen({
    host,
    port,
    limits: serverLimits,
    handler: (request, response) => {
      const account = callbackAccount(request.url ?? "")
      if (account === undefined) routed(request, response)
      else serveCallback(receiver, account, request, response)
    },
  })
})

const callbackPath = /^\/callbacks\/([^/?#]+)(?:[?#]|$)/u

/** The account that a callback's path names, as it was registered with the bank. */
function callbackAccount(url: string): string | undefined {
  const [, name] = callbackPath.exec(url) ?? []
  if (name === undefined || !name.includes("%")) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

const banksLayer = ({ accounts, poller, breakerLimits }: EngineConfig) =>
  Layer.effect(
    Banks,
    Effect.gen(function* () {
      const limits = { ...breakerLimits, bankRequestsPerSecondMax: poller.pollRatePerSecond }
      const clients = yield* Effect.forEach(accounts, ({ name, bank }) =>
        bank === undefined
          ? Effect.succeed([])
          : Effect.map(makeBankClient({ ...bank, limits }), (client) => [[name, client] as const]),
      )
      return new Map(clients.flat())
    }),
  )

/** The bank's way in, ending in the engine's `record`. */
const callbackReceiver = Effect.fnUntraced(function* ({ accounts, callbackLimits }: EngineConfig) {
  const engine = yield* LoanEngine
  const options: Record<string, CallbackAccountOptions> = {}
  for (const account of accounts) options[account.name] = yield* accountOptions(account)
  return yield* makeCallbackReceiver({
    accounts: options,
    limits: callbackLimits,
    record: (observation, raw) =>
      engine.record(observation, raw).pipe(
        Effect.map(({ disposition, hold }) => ({ disposition, ...(hold === null ? {} : { hold }) })),
        Effect.mapError(({ message }) => new RecordUnavailable({ retryAfterSeconds, message })),
      ),
  })
})

const accountOptions = Effect.fnUntraced(function* (account: AccountConfig) {
  const { jwks, callbackCredentials, trustPolicy, eventClaim, allowUnauthenticated } = account
  const keys = jwks === undefined ? undefined : yield* makeJwks(withoutAbsent(jwks))
  const claim = eventClaim === undefined ? {} : { eventClaim }
  return {
    allowUnauthenticated,
    credentials: callbackCredentials,
    ...(trustPolicy === undefined ? {} : { trustPolicy }),
    ...(keys === undefined ? {} : { jws: makeJwsVerifier({ jwks: keys, ...claim }) }),
  }
})

const withoutAbsent = ({ url, apiKey }: NonNullable<AccountConfig["jwks"]>) => ({
  url,
  ...(apiKey === undefined ? {} : { apiKey }),
})
