import { Effect, Random, Result, Schema, Stream } from "effect"
import { HttpClientRequest } from "effect/http"
import type { HttpClient } from "effect/http"
import type { ProblemDocument } from "../contract/problems.ts"
import { ChangeJson } from "../contract/loan-schemas.ts"
import { isProblem, loanApiError } from "./loan-api-error.ts"
import type { LoanApiError } from "./loan-api-error.ts"

/** How a watch comes back after the line was lost, and when it takes a silent line for lost. */
export interface ReconnectLimits {
  readonly reconnectMsMin: number
  readonly reconnectMsMax: number
  /** Several heartbeats of the engine's. */
  readonly silenceMsMax: number
  /** How often a watch of stalled loans looks for those that have become so. */
  readonly stalledLookMs: number
}

export const reconnectLimitsDefault: ReconnectLimits = {
  reconnectMsMin: 250,
  reconnectMsMax: 30_000,
  silenceMsMax: 45_000,
  stalledLookMs: 10_000,
}

/** What a follower of the stream does with what comes. */
export interface Follower {
  /** The line stands; from here on no change is missed. Runs before any change is given. */
  readonly connected: Effect.Effect<void, LoanApiError>
  readonly changed: (change: ChangeJson) => void
  readonly disconnected: () => void
  /**
   * The feed is no longer the one that was followed (a backup was restored, or another store is served): what was heard of
   * it counts for nothing. The stream begins again.
   */
  readonly reset: () => void
  /** It makes no sense to come again: the engine said no. */
  readonly refused: (problem: ProblemDocument) => void
}

/**
 * Follows a stream of changes until it is interrupted or refused: continues behind the last change that was given, so that
 * nothing is missed while the line was lost or the engine was away, and waits longer each time it cannot be reached.
 */
export function followChanges(
  http: HttpClient.HttpClient,
  path: string,
  limits: ReconnectLimits,
  follower: Follower,
): Effect.Effect<void> {
  // Outlives a run, so that a watch that is taken up again continues where it was left.
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
        // The engine is there again: what failed before says nothing about it any more.
        failures = 0
        follower.reset()
      } else if (problem !== undefined && isFinal(problem)) return follower.refused(problem)
      failures += 1
      follower.disconnected()
      yield* Effect.sleep(yield* backoffMs(limits, failures))
    }
  })
}

/** What was followed is no more: the place in the feed, or the loan, which no store of the same history ever loses. */
const isOtherHistory = ({ code }: ProblemDocument): boolean =>
  code === "cursor-unknown" || code === "loan-unknown"

/** Another try would be answered alike; a loan that is unknown may become known. */
const isFinal = ({ status }: ProblemDocument): boolean =>
  status >= 400 && status < 500 && status !== 404 && status !== 429

/** Doubles with each failure; half of it is left to chance, so that not everybody comes back at once. */
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

/** The lines of an event, gathered until the blank one that ends it. */
function eventWith(event: StreamEvent, line: string): readonly [StreamEvent, ReadonlyArray<StreamEvent>] {
  if (line === "") return [noEvent(), [event]]
  const [, name = "", value = ""] = /^([a-z]*): ?(.*)$/su.exec(line) ?? []
  if (name === "id") return [{ ...event, id: value }, []]
  if (name === "data") return [{ ...event, data: event.data + value }, []]
  return [event, []]
}

const decodeChange = Schema.decodeUnknownEffect(Schema.fromJsonString(ChangeJson))
