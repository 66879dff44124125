import { randomUUID } from "node:crypto"
import { Deferred, Effect, Fiber, Layer, PubSub } from "effect"
import type { Scope } from "effect"
import { ChangeFeed } from "../feed/change-feed.ts"
import { LoanEngine } from "../record/engine.ts"
import { JournalStore } from "../ports/journal-store.ts"
import { surviving } from "../ports/recurring.ts"
import { WebhookStore } from "../ports/webhook-store.ts"
import { makeLease } from "./lease.ts"
import { runRound } from "./round.ts"
import { makeSender } from "./sender.ts"
import type { WebhookEndpoint, WebhookLimits, WebhookSettings } from "./settings.ts"
import { watchWebhooks } from "./watch.ts"

type Services = WebhookStore | JournalStore | LoanEngine | ChangeFeed

/** Delivers every change to every endpoint while the engine runs. Each endpoint starts at its stored position. */
export const layerWebhooks = ({ endpoints, limits }: WebhookSettings): Layer.Layer<never, never, Services> =>
  endpoints.length === 0
    ? Layer.empty
    : Layer.effectDiscard(
        Effect.gen(function* () {
          // One signal for all endpoints. When the first endpoint is stopped, no endpoint starts another request. So
          // all stop at the same time.
          const stopped = yield* Deferred.make<void>()
          yield* Effect.forEach(endpoints, (endpoint) => deliver(endpoint, limits, stopped), {
            discard: true,
          })
          const names = endpoints.map(({ name }) => name)
          yield* watchWebhooks(names, limits.webhookWatchEveryMs)
        }),
      )

/**
 * Delivers to one endpoint while this engine has its lease. On a stop, it starts no more requests, waits for answers,
 * records their outcome, and releases the lease.
 */
const deliver = Effect.fnUntraced(function* (
  endpoint: WebhookEndpoint,
  limits: WebhookLimits,
  stopped: Deferred.Deferred<void>,
): Effect.fn.Return<void, never, Services | Scope.Scope> {
  const { name } = endpoint
  const store = yield* WebhookStore
  const feed = yield* ChangeFeed
  const owner = yield* Effect.sync(() => randomUUID())
  const send = yield* makeSender(endpoint, limits)
  const lease = yield* makeLease(name, owner, limits)
  const rest = yield* makeRest(limits, stopped)
  const isStopped = (): boolean => Deferred.isDoneUnsafe(stopped)
  const mayBegin = Effect.map(lease.mayBegin, (may) => may && !isStopped())
  const add = Effect.flatMap(feed.head, (head) => store.add(name, head))

  const turn = Effect.gen(function* () {
    if (!(yield* lease.hold)) return yield* rest.untilPolled
    const place = yield* store.place(name)
    if (place === undefined) return yield* add
    if (place.owner !== owner) return yield* lease.forget
    if (place.disabledAt !== null) return yield* rest.untilPolled
    yield* lease.beginRound
    const outcome = yield* runRound(place, { owner, send, limits, mayBegin })
    if (outcome === "overtaken") yield* lease.forget
    if (outcome === "idle") yield* rest.untilNews
  })
  // After a failure, the lease must be written before anything is sent. If the store can be read but not written, the
  // receiver would otherwise get the same webhooks again and again.
  const turns = surviving(
    "webhooks could not be delivered",
    turn,
    Effect.andThen(lease.forget, rest.untilRetried),
  ).pipe(Effect.annotateLogs({ endpoint: name }), Effect.repeat({ until: isStopped }))

  // A new endpoint receives everything that is recorded from now on. If the store is down now, it starts when the
  // store is back.
  yield* Effect.ignore(add)
  yield* Effect.acquireRelease(Effect.forkDetach(turns), (fiber) =>
    Deferred.succeed(stopped, undefined).pipe(
      Effect.andThen(Effect.timeoutOption(Fiber.await(fiber), limits.webhookRequestMsMax)),
      Effect.andThen(Fiber.interrupt(fiber)),
      Effect.andThen(Effect.ignore(store.release(name, owner))),
    ),
  )
})

/** Makes the rests between rounds. A stop ends every rest. */
const makeRest = Effect.fnUntraced(function* (
  { webhookPollMs, webhookStoreRetryMs }: WebhookLimits,
  stopped: Deferred.Deferred<void>,
) {
  const engine = yield* LoanEngine
  const journal = yield* JournalStore
  const wakes: ReadonlyArray<PubSub.Subscription<unknown>> = [
    yield* PubSub.subscribe(engine.changes),
    yield* PubSub.subscribe(journal.news),
  ]
  const stop = Deferred.await(stopped)
  const until = (ms: number, ends: ReadonlyArray<Effect.Effect<unknown>>): Effect.Effect<void> =>
    Effect.asVoid(Effect.timeoutOption(Effect.raceAllFirst([...ends, stop]), ms))
  return {
    untilNews: until(webhookPollMs, wakes.map(PubSub.takeAll)),
    untilPolled: until(webhookPollMs, []),
    untilRetried: until(webhookStoreRetryMs, []),
  }
})
