import { existsSync } from "node:fs"
import { Effect, Layer, Option } from "effect"
import { Flag } from "effect/cli"
import { operatorConfigFromEnvironment, settingsFromEnvironment } from "../config/config.ts"
import { databaseConfig } from "../config/database-config.ts"
import { limitsIn } from "../config/limits-in.ts"
import { LoanEngine } from "../record/engine.ts"
import type { JournalStore } from "../ports/journal-store.ts"
import type { LoanStore } from "../ports/loan-store.ts"
import type { WebhookStore } from "../ports/webhook-store.ts"
import { restAfterMs } from "../schedule/dormancy.ts"
import { cadenceDefaults } from "../schedule/poll-cadence.ts"
import { commandDatabaseLayer } from "../store/database.ts"
import type { Database, StoreUse } from "../store/database.ts"
import { CommandUnusable, isDamage, unusable } from "./exit-codes.ts"

export const databaseFlag = Flag.String("database").pipe(
  Flag.withDescription("The store; the default is LOAN_ENGINE_DATABASE_URL"),
  Flag.optional,
)

/**
 * The store that a flag names, or else the configured one. An SQLite file must exist: a mistyped path must not create
 * a new file.
 */
export const existingDatabase = Effect.fnUntraced(
  function* (
    named: Option.Option<string>,
    flag = "--database",
  ): Effect.fn.Return<Database, { readonly message: string }> {
    const settings = yield* settingsFromEnvironment
    const given = Option.map(named, (url) => ({ flag, url }))
    const database = yield* databaseConfig(settings, Option.getOrUndefined(given))
    if (database.store !== "sqlite" || existsSync(database.path)) return database
    return yield* unusable(
      `There is no file ${database.path}. Set LOAN_ENGINE_DATABASE_URL, or ${flag}, to the engine's store.`,
    )
  },
  Effect.mapError(({ message }) => unusable(message)),
)

/**
 * After how much silence the engine may have stopped polling a loan. The shorter of the current settings and the
 * defaults counts.
 */
export const restMs = Effect.map(settingsFromEnvironment, ({ engine }) =>
  Math.min(restAfterMs(limitsIn(engine, cadenceDefaults)), restAfterMs(cadenceDefaults)),
).pipe(Effect.mapError(({ message }) => unusable(message)))

/**
 * Opens the store for a command. An engine may be using it, so the store is neither created nor migrated. If it
 * cannot be opened, the command ends with a message.
 */
export const openStore = (
  named: Option.Option<string>,
  use: StoreUse,
): Layer.Layer<LoanStore | JournalStore | WebhookStore, CommandUnusable> =>
  Layer.unwrap(Effect.map(existingDatabase(named), (database) => commandDatabaseLayer(database, use))).pipe(
    Layer.catch((error) =>
      Layer.effectContext(
        isDamage(error)
          ? new CommandUnusable({ message: error.message, damaged: true })
          : unusable(error.message),
      ),
    ),
  )

/** Runs a command on the store. */
export const withStore =
  (named: Option.Option<string>, use: StoreUse) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provide(effect, openStore(named, use))

/** The store that the environment names, read-only. */
export const readingStore = openStore(Option.none(), "read")

/**
 * The store that the environment names, for a command that writes. An engine may be using it. Every change is written
 * only at the loan's version, so if two changes collide, the later one is decided again.
 */
export const writingStore = openStore(Option.none(), "write")

const engine = Layer.unwrap(
  Effect.map(operatorConfigFromEnvironment, ({ poller }) => LoanEngine.layer(poller.cadence)),
)

/** The engine on that store: for reading, and for `record`. */
export const readingEngine = Layer.provideMerge(engine, readingStore)
export const writingEngine = Layer.provideMerge(engine, writingStore)
