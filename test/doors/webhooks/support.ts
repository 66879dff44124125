import { ReadTurns, readLimits } from "@loan-engine/app/ports/read-turns"
import { defaultsOf } from "@loan-engine/app/base/limits"
import { ChangeFeed, changeFeedLimits } from "@loan-engine/app/feed/change-feed"
import { LoanEngine } from "@loan-engine/app/record/engine"
import type { JournalStore } from "@loan-engine/app/ports/journal-store"
import type { LoanStore } from "@loan-engine/app/ports/loan-store"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { WebhookStore } from "@loan-engine/app/ports/webhook-store"
import { layerWebhooks } from "@loan-engine/app/webhooks/delivery"
import type { WebhookLimits } from "@loan-engine/app/webhooks/settings"
import { webhookLimits } from "@loan-engine/app/webhooks/settings"
import { keyOf } from "@loan-engine/app/webhooks/signature"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Context, Effect, Layer, Logger, Redacted } from "effect"
import type { Scope } from "effect"
import { expect, vi } from "vitest"
import { stateMsMax } from "../../patience.ts"
import { secret } from "./receiver.ts"
import type { Received, Receiver } from "./receiver.ts"

const account = AccountName.make("se")
const reference = (text: string): ApplicationReference => ApplicationReference.make(text)

/** The services of a store. */
export type StoreLayer = Layer.Layer<LoanStore | JournalStore | WebhookStore, unknown>

export interface EndpointOptions {
  readonly name?: string
  readonly url: string
  readonly secrets?: ReadonlyArray<string>
}

const endpointOf = ({ name = "crm", url, secrets = [secret] }: EndpointOptions) => ({
  name,
  url: new URL(url),
  keys: Redacted.make(secrets.map((each) => keyOf(each) ?? expect.fail("no secret"))),
})

/** An engine on a store. It delivers to these endpoints until the scope closes. The result also has its warnings. */
export const openEngine = Effect.fnUntraced(function* (
  store: StoreLayer,
  endpoints: ReadonlyArray<EndpointOptions>,
  limits: Partial<WebhookLimits> = {},
) {
  const warnings: Array<string> = []
  const logger = Logger.make(({ message, logLevel }) => {
    if (logLevel === "Warn" || logLevel === "Error") warnings.push(String(message))
  })
  const settings = {
    endpoints: endpoints.map(endpointOf),
    limits: { ...defaultsOf(webhookLimits), ...limits },
  }
  const context = yield* Layer.build(
    layerWebhooks(settings).pipe(
      Layer.provideMerge(ChangeFeed.layer(defaultsOf(changeFeedLimits))),
      Layer.provide(ReadTurns.layer(defaultsOf(readLimits))),
      Layer.provideMerge(LoanEngine.layer(cadenceDefaults)),
      Layer.provideMerge(store),
      Layer.provideMerge(Layer.fresh(Logger.layer([logger]))),
    ),
  )
  const engine = Context.get(context, LoanEngine)
  return {
    context,
    warnings,
    webhooks: Context.get(context, WebhookStore),
    /** Records one report of the bank about a loan. */
    tell: (loan: string, event: LoanEvent, more: Partial<Observation> = {}) =>
      engine.record(observation(loan, event, more), new TextEncoder().encode(JSON.stringify([loan, event]))),
  }
})
export type OpenEngine = Effect.Success<ReturnType<typeof openEngine>>

const observation = (loan: string, event: LoanEvent, more: Partial<Observation>): Observation => ({
  applicationReference: reference(loan),
  account,
  source: "callback",
  evidence: "credentials",
  receivedAt: event.at,
  events: [event],
  ...more,
})

/** An event that is news each time, if each has a later time. */
export const news = (at: number): LoanEvent => ({ type: "addition.requested", at })

/** Runs an effect, and closes its engines at the end. */
export const scoped = <A>(effect: Effect.Effect<A, unknown, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.scoped(effect))

/** Waits in real time until an assertion holds. */
export const until = (assertion: () => void | Promise<void>): Effect.Effect<void> =>
  Effect.promise(() => vi.waitFor(assertion, { timeout: stateMsMax, interval: 10 }))

/** The accepted messages as `A1`: the loan and its version. */
export const named = (messages: ReadonlyArray<Received>): ReadonlyArray<string> =>
  messages.map(({ reference: loan, version }) => `${loan}${version}`)

/**
 * The faults in the messages that a receiver accepted, compared with the stored changes. A fault is a missing
 * message, or a message whose first arrival comes before an earlier one of the same loan.
 */
export function faultsOf(
  receiver: Pick<Receiver, "taken">,
  written: ReadonlyArray<{ readonly reference: string; readonly version: number }>,
): ReadonlyArray<string> {
  const faults: Array<string> = []
  const newest = new Map<string, number>()
  const firsts = new Set<string>()
  for (const { reference: loan, version } of receiver.taken) {
    const key = `${loan}${version}`
    if (!firsts.has(key) && version < (newest.get(loan) ?? 0)) faults.push(`${key} came late`)
    firsts.add(key)
    newest.set(loan, Math.max(version, newest.get(loan) ?? 0))
  }
  for (const { reference: loan, version } of written) {
    if (!firsts.has(`${loan}${version}`)) faults.push(`${loan}${version} is missing`)
  }
  return faults
}
