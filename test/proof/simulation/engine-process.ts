import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import type { BankClient } from "@loan-engine/adapters-http/bank/client"
import { makeCallbackReceiver, RecordUnavailable } from "@loan-engine/adapters-http/callback/receiver"
import type { CallbackReceiver } from "@loan-engine/adapters-http/callback/receiver"
import { makeJwks } from "@loan-engine/adapters-http/signature/jwks"
import { makeJwsVerifier } from "@loan-engine/adapters-http/signature/jws-verifier"
import type { JwsVerifier } from "@loan-engine/adapters-http/signature/jws-verifier"
import type { Exchange } from "@loan-engine/adapters-http/http/exchange"
import { retryAfterSeconds } from "@loan-engine/app/contract/problem"
import { Banks } from "@loan-engine/app/ports/banks"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { Poller } from "@loan-engine/app/polling/poller"
import { pollerDefaults } from "@loan-engine/app/polling/settings"
import { sandboxJwksApiKey } from "@loan-engine/app/sandbox/sandbox-server"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { Context, Effect, Layer, Redacted } from "effect"
import type { Scope } from "effect"
import { accounts, bankUrl, jwksUrl } from "./accounts.ts"
import type { SimulatedAccount } from "./accounts.ts"
import { minuteMs } from "./world.ts"

type Engine = LoanEngine["Service"]
type Store = LoanStore["Service"]

/** The parts of the engine that can be wrapped. */
export interface EngineParts {
  readonly store: (store: Store, path: string) => Store
  readonly engine: (engine: Engine) => Effect.Effect<Engine, never, Scope.Scope>
  readonly jws: (verifier: JwsVerifier) => JwsVerifier
  readonly bank: (client: BankClient) => BankClient
  readonly polls: boolean
}

export interface EngineProcess {
  readonly engine: Engine
  readonly store: Store
  readonly journal: JournalStore["Service"]
  readonly receiver: CallbackReceiver
}

export interface EngineSettings {
  readonly path: string
  readonly bankExchange: Exchange
  readonly jwksExchange: Exchange
  /** Wraps the store, so that the simulation knows each step. */
  readonly watchStore: (store: Store) => Store
  readonly parts: Partial<EngineParts>
}

/** The poller looks only rarely for due polls. A look every few seconds would cost more time than all the loans. */
const pollerSettings = { ...pollerDefaults, pollIdleMaxMs: 10 * minuteMs, cadence: cadenceDefaults }

/** The served engine without its HTTP server. Requests and answers are the same bytes. */
export const startEngine = Effect.fnUntraced(function* (settings: EngineSettings) {
  const { parts, path } = settings
  const store = Layer.effect(
    LoanStore,
    Effect.map(LoanStore, (real) => {
      const watched = settings.watchStore(real)
      return LoanStore.of(parts.store?.(watched, path) ?? watched)
    }),
  ).pipe(Layer.provideMerge(layerSqlite({ path, ...sqliteDefaults })))
  const engine = Layer.effect(
    LoanEngine,
    Effect.flatMap(LoanEngine, (real) => parts.engine?.(real) ?? Effect.succeed(real)),
  ).pipe(Layer.provide(LoanEngine.layer(cadenceDefaults)), Layer.provideMerge(store))
  const served = Layer.provideMerge(engine, banksLayer(settings))
  const polling = parts.polls === false ? served : Layer.provideMerge(Poller.layer(pollerSettings), served)
  const context = yield* Layer.build(polling)
  const real = Context.get(context, LoanEngine)
  return {
    engine: real,
    store: Context.get(context, LoanStore),
    journal: Context.get(context, JournalStore),
    receiver: yield* makeReceiver(real, settings),
  } satisfies EngineProcess
}, Effect.orDie)

const banksLayer = ({ bankExchange, parts }: EngineSettings) =>
  Layer.effect(
    Banks,
    Effect.gen(function* () {
      const clients = yield* Effect.forEach(accounts, (account) =>
        Effect.map(
          makeBankClient({
            ...bankAccess(account),
            exchange: bankExchange,
          }),
          (client) => [account.name, parts.bank?.(client) ?? client] as const,
        ),
      )
      return new Map(clients)
    }),
  )

export const bankAccess = ({ name, password }: SimulatedAccount) => ({
  url: bankUrl,
  username: name,
  password: Redacted.make(password),
})

const makeReceiver = Effect.fnUntraced(function* (engine: Engine, { jwksExchange, parts }: EngineSettings) {
  const options = yield* Effect.forEach(accounts, ({ name, credentials, signed }) =>
    Effect.gen(function* () {
      const jwks = yield* makeJwks({
        url: jwksUrl,
        apiKey: Redacted.make(sandboxJwksApiKey),
        exchange: jwksExchange,
      })
      const jws = makeJwsVerifier({ jwks })
      const vouchers = {
        ...(signed ? { jws: parts.jws?.(jws) ?? jws } : {}),
        // In this account the engine holds the callbacks of strangers and does not refuse them. An engine that
        // believes them must be noticed.
        allowUnauthenticated: credentials === undefined,
        ...(credentials === undefined
          ? {}
          : { credentials: [{ method: "BASIC" as const, credentials: Redacted.make(credentials) }] }),
      }
      return [name, vouchers] as const
    }),
  )
  return yield* makeCallbackReceiver({
    accounts: Object.fromEntries(options),
    record: (observation, raw) =>
      engine.record(observation, raw).pipe(
        Effect.map(({ disposition, hold }) => ({ disposition, ...(hold === null ? {} : { hold }) })),
        Effect.mapError(({ message }) => new RecordUnavailable({ retryAfterSeconds, message })),
      ),
  })
})
