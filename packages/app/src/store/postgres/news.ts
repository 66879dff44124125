import type { Notification, PgConnection } from "@effect/sql-pg/PgConnection"
import { Effect, PubSub, Queue, Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { answerMsMax, connect } from "./server/connection.ts"
import { describe, failed } from "./errors.ts"
import { text } from "./parameters.ts"
import type { Run } from "./run.ts"
import type { PostgresSettings } from "./settings.ts"

/** The shortest time between two notifications to other engines. */
export const databaseNotifyMs = 20

/** Signals between engines on one database. A signal can get lost. */
export interface FeedNews {
  /** Another engine has added to the feed. */
  readonly news: PubSub.PubSub<void>
  /** Notifies the other engines soon that this engine has added to the feed. */
  readonly tell: Effect.Effect<void>
}

/**
 * Engines wake each other by NOTIFY and LISTEN. A NOTIFY takes a lock, and all commits of the server that notify wait
 * for it. So one NOTIFY is sent for many commits, separately and after them. A LISTEN ends with its session. If the
 * session is lost, a new session listens, and the feed is read in case a signal was lost.
 */
export const makeNews = Effect.fnUntraced(function* (
  settings: PostgresSettings,
  run: Run,
): Effect.fn.Return<FeedNews, never, Scope.Scope> {
  const news = yield* PubSub.sliding<void>(1)
  if (!settings.notifies) return { news, tell: Effect.void }
  const untold = yield* Queue.sliding<void>(1)
  // The number of the listening session. Each notification contains it, so that an engine ignores its own
  // notifications.
  let self = ""
  let isHeard = true

  const tellAll = Queue.take(untold).pipe(
    Effect.flatMap(() => run("SELECT pg_notify($1, $2)", [text(settings.schema), text(self)])),
    Effect.ignore,
    Effect.andThen(Effect.sleep(databaseNotifyMs)),
  )
  const wake = (heard: ReadonlyArray<Notification>): Effect.Effect<unknown> =>
    heard.every(({ payload }) => payload === self) ? Effect.void : PubSub.publish(news, undefined)
  const heardOn = ({ listen }: PgConnection, scope: Scope.Scope) =>
    Effect.timeoutOrElse(Scope.provide(listen(settings.schema), scope), {
      duration: settings.databaseStatementMsMax + answerMsMax,
      orElse: () => failed("the server does not answer"),
    })
  // The session is closed before UNLISTEN is sent. Otherwise the engine would wait for the answer, which a hanging
  // server never gives.
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
      "LISTEN has failed: the engine looks for other engines' changes at intervals instead",
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
