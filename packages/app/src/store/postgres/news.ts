import type { Notification, PgConnection } from "@effect/sql-pg/PgConnection"
import { Effect, PubSub, Queue, Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { answerMsMax, connect } from "./server/connection.ts"
import { describe, failed } from "./errors.ts"
import { text } from "./parameters.ts"
import type { Run } from "./run.ts"
import type { PostgresSettings } from "./settings.ts"

/** What engines on one database tell each other of the feed. All of it is a hint, and any of it may stay away. */
export interface FeedNews {
  /** Another engine has added to the feed. */
  readonly news: PubSub.PubSub<void>
  /** This engine has; the others are told soon. */
  readonly tell: Effect.Effect<void>
}

/**
 * Engines wake each other by NOTIFY and LISTEN. A NOTIFY takes a lock that all notifying commits of the server queue for, so
 * it is sent behind the commits, on its own, and for many of them at once. A LISTEN lives as long as its session: when that
 * is lost, another one listens, and the feed is looked at in case something was missed.
 */
export const makeNews = Effect.fnUntraced(function* (
  settings: PostgresSettings,
  run: Run,
): Effect.fn.Return<FeedNews, never, Scope.Scope> {
  const news = yield* PubSub.sliding<void>(1)
  if (!settings.notifies) return { news, tell: Effect.void }
  const untold = yield* Queue.sliding<void>(1)
  // The listening session's number, which is sent along: nobody has to wake up for what it said itself.
  let self = ""
  let isHeard = true

  const tellAll = Queue.take(untold).pipe(
    Effect.flatMap(() => run("SELECT pg_notify($1, $2)", [text(settings.schema), text(self)])),
    Effect.ignore,
    Effect.andThen(Effect.sleep(settings.databaseNotifyMs)),
  )
  const wake = (heard: ReadonlyArray<Notification>): Effect.Effect<unknown> =>
    heard.every(({ payload }) => payload === self) ? Effect.void : PubSub.publish(news, undefined)
  const heardOn = ({ listen }: PgConnection, scope: Scope.Scope) =>
    Effect.timeoutOrElse(Scope.provide(listen(settings.schema), scope), {
      duration: settings.databaseStatementMsMax + answerMsMax,
      orElse: () => failed("the server does not answer"),
    })
  // The session ends before its listening does: to be told that nobody listens any more, a server that hangs would be waited for.
  const listenOn = Effect.fnUntraced(function* (listening: Scope.Scope) {
    const { connection } = yield* connect(settings)
    const heard = yield* heardOn(connection, listening)
    self = String(connection.processId)
    isHeard = true
    yield* PubSub.publish(news, undefined)
    return yield* Effect.forever(Effect.flatMap(Queue.takeAll(heard), wake))
  })
  const listen = Effect.flatMap(Effect.scope, (listening) => Effect.scoped(listenOn(listening)))
  const unheard = (error: SqlError): Effect.Effect<void> => {
    if (!isHeard) return Effect.void
    isHeard = false
    return Effect.logWarning(
      "other engines' changes are looked for, because the database cannot tell them",
    ).pipe(Effect.annotateLogs({ reason: describe(error) }))
  }
  const listenAgain = Effect.scoped(listen).pipe(
    Effect.catch(unheard),
    Effect.andThen(Effect.sleep(settings.databaseListenRetryMs)),
  )
  yield* Effect.forkScoped(Effect.forever(tellAll))
  yield* Effect.forkScoped(Effect.forever(listenAgain))
  return { news, tell: Effect.asVoid(Queue.offer(untold, undefined)) }
})
