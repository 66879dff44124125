import { createServer } from "node:http"
import type { Server } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { makeBankClient } from "@loan-engine/adapters-http/bank-client"
import type { CallbackAccountOptions } from "@loan-engine/adapters-http/callback-accounts"
import { makeCallbackReceiver, RecordUnavailable } from "@loan-engine/adapters-http/callback-receiver"
import { makeJwks } from "@loan-engine/adapters-http/jwks"
import { makeJwsVerifier } from "@loan-engine/adapters-http/jws-verifier"
import { Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { retryAfterSeconds } from "./api/problem.ts"
import { operatorRoutes } from "./api/operator-routes.ts"
import { apiRoutes } from "./api/routes.ts"
import { Banks } from "./banks.ts"
import type { AccountConfig, EngineConfig } from "./config.ts"
import { LoanEngine } from "./engine.ts"
import { Poller } from "./poller.ts"
import type { ServerLimits } from "./server-limits.ts"
import { layerSqlite, sqliteDefaults } from "./store/sqlite.ts"
import { measuredEngine, tracedStore } from "./telemetry/measured-engine.ts"
import { makeReadiness } from "./telemetry/readiness.ts"
import { traceLayer } from "./telemetry/trace-export.ts"

/** The whole engine behind HTTP: store, engine, poller, callback receiver, API. */
export const engineServer = (config: EngineConfig) => {
  const { telemetry } = config
  const store = tracedStore(layerSqlite({ path: config.databasePath, ...sqliteDefaults, writerThread: true }))
  const engine = measuredEngine(LoanEngine.layer(config.poller.cadence)).pipe(Layer.provideMerge(store))
  const poller = Poller.layer(config.poller).pipe(
    Layer.provideMerge(engine),
    Layer.provideMerge(banksLayer(config)),
  )
  const { serverLimits } = config
  const listener = NodeHttpServer.layer(() => makeServer(serverLimits), {
    host: config.host,
    port: config.port,
    gracefulShutdownTimeout: serverLimits.stopMsMax,
  })
  return served(config).pipe(
    Layer.provideMerge(listener),
    Layer.provideMerge(poller),
    Layer.provide(traceLayer(telemetry.traces, telemetry.traceLimits)),
  )
}

/** The routes, and a stop that says so before the listener closes. */
const served = (config: EngineConfig) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { apiKey, serverLimits, telemetry } = config
      const accounts = config.accounts.map(({ name }) => name)
      const readiness = yield* makeReadiness(serverLimits.readyMsMax)
      const receiver = yield* callbackReceiver(config)
      const routes = Layer.merge(
        apiRoutes({ receiver, apiKey, accounts }),
        operatorRoutes({ readiness, accounts, metrics: telemetry.metrics }),
      )
      const drained = Layer.effectDiscard(
        Effect.addFinalizer(() =>
          readiness.stop.pipe(
            Effect.andThen(Effect.logInfo("the engine is stopping")),
            Effect.andThen(Effect.sleep(serverLimits.stopDrainMs)),
          ),
        ),
      )
      // What is built last is stopped first.
      return Layer.provideMerge(
        drained,
        HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }),
      )
    }),
  )

function makeServer(limits: ServerLimits): Server {
  const server = createServer({
    requestTimeout: limits.requestMsMax,
    headersTimeout: limits.headersMsMax,
    keepAliveTimeout: limits.keepAliveMsMax,
    connectionsCheckingInterval: limits.connectionsCheckMs,
    maxHeaderSize: limits.headerBytesMax,
    requireHostHeader: true,
    insecureHTTPParser: false,
  })
  server.maxConnections = limits.connectionsMax
  return server
}

const banksLayer = ({ accounts, poller, breakerLimits }: EngineConfig) =>
  Layer.effect(
    Banks,
    Effect.gen(function* () {
      const limits = { ...breakerLimits, bankRequestsPerSecondMax: poller.pollRatePerSecond }
      const clients = yield* Effect.forEach(accounts, ({ name, bank }) =>
        bank === undefined
          ? Effect.succeed([])
          : Effect.map(makeBankClient({ ...bank, account: name, limits }), (client) => [
              [name, client] as const,
            ]),
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
