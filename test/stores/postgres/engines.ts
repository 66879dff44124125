import { LoanEngine } from "@loan-engine/app/record/engine"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import type { PostgresSettings } from "@loan-engine/app/store/postgres/settings"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Context, Effect, Layer, Redacted } from "effect"
import type { Scope } from "effect"

export const account = AccountName.make("default")
export const reference = (text: string): ApplicationReference => ApplicationReference.make(text)

/** An engine with its own store object, as in a separate process, and functions to use it. */
export const openEngine = Effect.fnUntraced(function* (
  url: string,
  settings: Partial<PostgresSettings> = {},
) {
  const store = layerPostgres({ ...postgresDefaults, url: Redacted.make(url), ...settings })
  const context = yield* Layer.build(LoanEngine.layer(cadenceDefaults).pipe(Layer.provideMerge(store)))
  const engine = Context.get(context, LoanEngine)
  return {
    context,
    loans: Context.get(context, LoanStore),
    journal: Context.get(context, JournalStore),
    /** Records a callback with these bytes. */
    record: (loan: string, events: ReadonlyArray<LoanEvent>, body: string | Uint8Array) =>
      engine.record(
        observation(loan, events),
        typeof body === "string" ? new TextEncoder().encode(body) : body,
      ),
  }
})
export type OpenEngine = Effect.Success<ReturnType<typeof openEngine>>

const receivedAt = 1_790_000_000_000

const observation = (loan: string, events: ReadonlyArray<LoanEvent>): Observation => ({
  applicationReference: reference(loan),
  account,
  source: "callback",
  evidence: "credentials",
  receivedAt,
  events,
})

export const signedAt = (at: number): ReadonlyArray<LoanEvent> => [{ type: "agreement.signed", at }]
export const additionAt = (at: number): ReadonlyArray<LoanEvent> => [{ type: "addition.requested", at }]

/** Runs an effect, and closes its engines at the end. */
export const scoped = <A>(effect: Effect.Effect<A, unknown, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.scoped(effect))
