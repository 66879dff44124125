import { existsSync } from "node:fs"
import { Effect, Layer, Option } from "effect"
import { Flag } from "effect/cli"
import { databaseFile, databaseUrl } from "../database-config.ts"
import type { JournalStore } from "../journal-store.ts"
import type { LoanStore } from "../loan-store.ts"
import { layerSqlite, sqliteDefaults } from "../store/sqlite.ts"
import { operatorConfigFromEnvironment } from "../config.ts"
import { LoanEngine } from "../engine.ts"
import type { CommandUnusable } from "./exit-codes.ts"
import { unusable } from "./exit-codes.ts"

export const databaseFlag = Flag.String("database").pipe(
  Flag.withDescription("The SQLite file; by default what LOAN_ENGINE_DATABASE_URL says"),
  Flag.optional,
)

/** How a command opens the store: to read what comes, to read all as of one moment, or to write. */
export type StoreUse = "read" | "read-one-moment" | "write"

/** The path of a store that exists; a mistyped one must not make a new one. */
export const existingFile = Effect.fnUntraced(
  function* (database: Option.Option<string>) {
    const path = yield* databaseFile(Option.isSome(database) ? database.value : yield* databaseUrl)
    if (existsSync(path)) return path
    return yield* unusable(
      `There is no file ${path}. Set LOAN_ENGINE_DATABASE_URL, or --database, to the engine's store.`,
    )
  },
  Effect.mapError(({ message }) => unusable(message)),
)

/**
 * The store beside an engine that may be running on it. It is neither made nor migrated: that is the engine's business, or
 * `migrate`'s. Whatever is wrong with it ends the command with its message.
 */
export const openStore = (
  database: Option.Option<string>,
  use: StoreUse,
): Layer.Layer<LoanStore | JournalStore, CommandUnusable> =>
  Layer.unwrap(
    Effect.map(existingFile(database), (path) =>
      layerSqlite({
        path,
        ...sqliteDefaults,
        readOnly: use !== "write",
        oneMoment: use === "read-one-moment",
        migrates: false,
      }),
    ),
  ).pipe(Layer.catch(({ message }) => Layer.effectContext(unusable(message))))

/** Runs a command on the store. */
export const withStore =
  (database: Option.Option<string>, use: StoreUse) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provide(effect, openStore(database, use))

/** The store that the environment names, for looking at only. */
export const readingStore = openStore(Option.none(), "read")

/**
 * The same, for a command that writes. An engine may run beside it: every change is written at the loan's version, so
 * whichever of the two comes second decides anew.
 */
export const writingStore = openStore(Option.none(), "write")

const engine = Layer.unwrap(
  Effect.map(operatorConfigFromEnvironment, ({ poller }) => LoanEngine.layer(poller.cadence)),
)

/** The engine upon the store: what is read of it, and the one path in. */
export const readingEngine = Layer.provideMerge(engine, readingStore)
export const writingEngine = Layer.provideMerge(engine, writingStore)
