import { IncomingMessage } from "node:http"
import { makeWarning } from "@loan-engine/adapters-http/telemetry/rare-warning"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Clock, Effect, Stream, Metric } from "effect"
import type { Scope } from "effect"
import { HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { mapInSteps } from "../base/in-steps.ts"
import { ChangeFeed } from "../feed/change-feed.ts"
import type { ChangeFeedLimits, CursorUnknown, FeedStep, ReadOptions } from "../feed/change-feed.ts"
import { cursorOf, cursorText } from "../journal/feed-cursor.ts"
import { KnownAccounts } from "../ports/known-accounts.ts"
import { ReadTurns } from "../ports/read-turns.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { changeStreamsGauge } from "../telemetry/metrics.ts"
import { changeJson } from "../views/loan-json.ts"
import type { Problem } from "../contract/problem.ts"
import { retryAfterSeconds, storeUnavailable } from "../contract/problem.ts"

/** How soon a disconnected reader should reconnect, in milliseconds. Every stream sends this number first. */
const reconnectMs = 1_000

const streamsExhausted: Problem = {
  code: "streams-exhausted",
  detail: "Too many streams are open (changeStreamsMax). Retry later.",
  headers: { "retry-after": String(retryAfterSeconds) },
}

/** Makes streams of changes as server-sent events. At most `changeStreamsMax` are open at once. */
export const makeChangeStreams = Effect.fnUntraced(function* (limits: ChangeFeedLimits) {
  const feed = yield* ChangeFeed
  const knownAccounts = yield* KnownAccounts
  const turns = yield* ReadTurns
  let open = 0
  const warn = makeWarning("a stream was refused: changeStreamsMax streams are open", "refused")
  const place = Effect.acquireRelease(
    Effect.suspend(() => Metric.update(changeStreamsGauge.of({}), (open += 1))),
    () => Effect.suspend(() => Metric.update(changeStreamsGauge.of({}), (open -= 1))),
  )

  const eventsOf = Effect.fnUntraced(function* (
    request: HttpServerRequest.HttpServerRequest,
    options: ReadOptions,
  ) {
    yield* place
    const { start, next } = yield* feed.read(options)
    const reader = yield* watchReader(request, limits)
    const steps = Stream.unfold(
      undefined,
      Effect.fnUntraced(function* () {
        reader.reads()
        const step = yield* next
        yield* reader.waits
        return step === undefined
          ? undefined
          : ([yield* turns.forStream(eventText(step, knownAccounts)), undefined] as const)
      }),
    )
    return Stream.concat(Stream.make(`retry: ${reconnectMs}\nid: ${cursorText(start)}\n\n`), steps)
  })

  return (
    request: HttpServerRequest.HttpServerRequest,
    options: ReadOptions,
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, Problem> =>
    Effect.gen(function* () {
      if (open >= limits.changeStreamsMax) {
        yield* warn({ open })
        return yield* Effect.fail(streamsExhausted)
      }
      const after = options.after && (yield* Effect.mapError(feed.find(options.after), cursorProblem))
      const body = Stream.unwrap(eventsOf(request, { ...options, after })).pipe(
        // The status has been sent already. So the only way to tell the reader is to end the connection.
        Stream.catch(() => Stream.empty),
        Stream.encodeText,
      )
      return HttpServerResponse.stream(body, { contentType: "text/event-stream", headers })
    })
})

/**
 * The problem if the feed does not have the cursor. It is checked before the stream begins. Otherwise the reader
 * would wait at a place that the feed never reaches.
 */
export const cursorProblem = (fault: CursorUnknown | StoreUnavailable): Problem =>
  fault._tag === "CursorUnknown" ? { code: "cursor-unknown", detail: fault.message } : storeUnavailable

const headers = { "cache-control": "no-store", "x-accel-buffering": "no", connection: "close" }

/** The events of a step. A step without changes is the heartbeat. Its id moves the reader's place forward. */
const eventText = ({ changes, cursor }: FeedStep, knownAccounts: KnownAccounts): Effect.Effect<string> =>
  changes.length === 0
    ? Effect.succeed(`: heartbeat\nid: ${cursorText(cursor)}\n\n`)
    : Effect.map(
        mapInSteps(changes, (change) => {
          const data = JSON.stringify(changeJson(change, change.stored, knownAccounts))
          return `id: ${cursorText(cursorOf(change))}\nevent: change\ndata: ${data}\n\n`
        }),
        (events) => events.join(""),
      )

/** Disconnects a reader that does not read what was sent. Otherwise its stream would stay open forever. */
const watchReader = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  { changesUnreadMsMax }: ChangeFeedLimits,
): Effect.fn.Return<{ readonly reads: () => void; readonly waits: Effect.Effect<void> }, never, Scope.Scope> {
  let unreadSince: number | undefined
  const look = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (unreadSince === undefined || now - unreadSince < changesUnreadMsMax) return
    // With another server than node:http, that server must end the stream.
    if (request.source instanceof IncomingMessage) {
      NodeHttpServerRequest.toServerResponse(request).destroy()
    }
  })
  yield* Effect.sleep(Math.ceil(changesUnreadMsMax / 4)).pipe(
    Effect.andThen(look),
    Effect.forever,
    Effect.forkScoped,
  )
  return {
    reads: () => (unreadSince = undefined),
    waits: Effect.map(Clock.currentTimeMillis, (now) => {
      unreadSince = now
    }),
  }
})
