import { Effect, Layer } from "effect"
import { operatorConfigFromEnvironment } from "../config.ts"
import { LoanEngine } from "../engine.ts"
import { databaseLayer } from "../store/database.ts"

/** The store that the environment names, for looking at only: beside a running engine, or with none. */
export const readingStore = Layer.unwrap(
  Effect.map(operatorConfigFromEnvironment, (config) => databaseLayer(config.database, true)),
)

/**
 * The same, for a command that writes. An engine may run beside it: every change is written at the loan's version, so
 * whichever of the two comes second decides anew.
 */
export const writingStore = Layer.unwrap(
  Effect.map(operatorConfigFromEnvironment, (config) => databaseLayer(config.database, false)),
)

/** The engine upon that store: what is read of it, and the one path in. */
export const readingEngine = Layer.unwrap(
  Effect.map(operatorConfigFromEnvironment, ({ poller }) => LoanEngine.layer(poller.cadence)),
).pipe(Layer.provideMerge(readingStore))

export const writingEngine = Layer.unwrap(
  Effect.map(operatorConfigFromEnvironment, ({ poller }) => LoanEngine.layer(poller.cadence)),
).pipe(Layer.provideMerge(writingStore))
