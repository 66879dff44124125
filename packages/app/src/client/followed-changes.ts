import { Effect, Random, Result, Schema, Stream } from "effect"
import { HttpClientRequest } from "effect/http"
import type { HttpClient } from "effect/http"
import type { ProblemDocument } from "../contract/problems.ts"
import { ChangeJson } from "../contract/loan-schemas.ts"
import { isProblem, loanApiError } from "./loan-api-error.ts"
import type { LoanApiError } from "./loan-api-error.ts"

/** How a watch reconnects after the connection was lost, and how long a silent connection may last. */
export interface ReconnectLimits {
  readonly reconnectMsMin: number
  readonly reconnectMsMax: number
  /** Several of the engine's heartbeats. */
  readonly silenceMsMax: number
  /** How often a watch of stalled loans asks for newly stalled ones. */
  readonly stalledLookMs: number
}

export const reconnectLimitsDefault: ReconnectLimits = {
  reconnectMsMin: 250,
  reconnectMsMax: 30_000,
  silenceMsMax: 45_000,
  stalledLookMs: 10_000,
}

/** What a follower of the stream does with each event. */
export interface Follower {
  /** The connection is open. From now on no change is missed. Runs before any change is given. */
  readonly connected: Effect.Effect<void, LoanApiError>
  readonly changed: (change: ChangeJson) => void
  readonly disconnected: () => void
  /**
   * The feed is no longer the followed one: a backup was restored, or another store is served. Everything that was read
   * from it is invalid. The stream begins again.
   */
  readonly reset: () => void
  /** The engine refused. A retry makes no sense. */
  readonly refused: (problem: ProblemDocument) => void
}

/**
 * Follows a stream of changes until it is interrupted or refused. After a lost connection it continues behind the last
 * change that was given, so that nothing is missed. Each failed attempt makes the next wait longer.
 */
export function followChanges(
  http: HttpClient.HttpClient,
  path: string,
  limits: ReconnectLimits,
  follower: Follower,
): Effect.Effect<void> {
  // Survives a run, so that a watch that starts again continues where it stopped.
  let lastEventId: string | undefined
  let failures = 0

  const once = Effect.gen(function* () {
    const events = yield* openStream(http, path, lastEventId)
    let isNew = true
    const take = Effect.fnUntraced(function* ({ id, data }: StreamEvent) {
      if (isNew) yield* follower.connected
      isNew = false
      failures = 0
      if (data !== "") follower.changed(yield* decodeChange(data))
      if (id !== "") lastEventId = id
    })
    yield* Stream.runForEach(Stream.timeout(events, limits.silenceMsMax), take)
  }).pipe(Effect.mapError(loanApiError))

  return Effect.gen(function* () {
    for (;;) {
      const ended = yield* Effect.result(once)
      const problem = Result.isFailure(ended) ? ended.failure.problem : undefined
      if (lastEventId !== undefined && problem !== undefined && isOtherHistory(problem)) {
        lastEventId = undefined
        // The engine is available again, so earlier failures no longer count.
        failures = 0
        follower.reset()
      } else if (problem !== undefined && isFinal(problem)) return follower.refused(problem)
      failures += 1
      follower.disconnected()
      yield* Effect.sleep(yield* backoffMs(limits, failures))
    }
  })
}

/**
 * What was followed no longer exists: the place in the feed, or the loan. A store with the same history never loses
 * either.
 */
const isOtherHistory = ({ code }: ProblemDocument): boolean =>
  code === "cursor-unknown" || code === "loan-unknown"

/** A retry would get the same answer. An unknown loan is an exception, because it may become known. */
const isFinal = ({ status }: ProblemDocument): boolean =>
  status >= 400 && status < 500 && status !== 404 && status !== 429

/** The wait doubles with each failure. Half of it is random, so that not all clients return at once. */
const backoffMs = (
  { reconnectMsMin, reconnectMsMax }: ReconnectLimits,
  failures: number,
): Effect.Effect<number> =>
  Effect.map(Random.next, (chance) => {
    const longest = Math.min(reconnectMsMax, reconnectMsMin * 2 ** (failures - 1))
    return longest * (0.5 + chance / 2)
  })

interface StreamEvent {
  readonly id: string
  readonly data: string
}

const openStream = Effect.fnUntraced(function* (
  http: HttpClient.HttpClient,
  path: string,
  lastEventId: string | undefined,
) {
  const response = yield* http.execute(
    HttpClientRequest.get(path, {
      headers: {
        accept: "text/event-stream",
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      },
    }),
  )
  if (response.status !== 200) {
    const problem = yield* response.json
    return yield* Effect.fail(isProblem(problem) ? problem : response.status)
  }
  return response.stream.pipe(
    Stream.decodeText,
    Stream.splitLines,
    Stream.mapAccum(noEvent, (event, line) => eventWith(event, line)),
  )
})

const noEvent = (): StreamEvent => ({ id: "", data: "" })

/** The lines of an event, up to the blank line that ends it. */
function eventWith(event: StreamEvent, line: string): readonly [StreamEvent, ReadonlyArray<StreamEvent>] {
  if (line === "") return [noEvent(), [event]]
  const [, name = "", value = ""] = /^([a-z]*): ?(.*)$/su.exec(line) ?? []
  if (name === "id") return [{ ...event, id: value }, []]
  if (name === "data") return [{ ...event, data: event.data + value }, []]
  return [event, []]
}

const decodeChange = Schema.decodeUnknownEffect(Schema.fromJsonString(ChangeJson))
