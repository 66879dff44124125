import { Effect, Random, Result, Schema, Stream } from "effect"
import { HttpClientRequest } from "effect/http"
import type { HttpClient } from "effect/http"
import type { ProblemDocument } from "../contract/problems.ts"
import { ChangeJson } from "../contract/loan-schemas.ts"
import { isProblem, loanApiError } from "./loan-api-error.ts"
import type { LoanApiError } from "./loan-api-error.ts"

/** How a watch reconnects, and how long a connection may be silent. */
export interface ReconnectLimits {
  readonly reconnectMsMin: number
  readonly reconnectMsMax: number
  /** Longer than several heartbeats of the engine. */
  readonly silenceMsMax: number
  /** How often a watch looks for loans that have become stalled or dormant. */
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
  /** The connection is open, so no change is missed from now on. This runs before the first change. */
  readonly connected: Effect.Effect<void, LoanApiError>
  readonly changed: (change: ChangeJson) => void
  readonly disconnected: () => void
  /**
   * The feed has another history now: a backup was restored, or another store is served. Everything that was read is
   * invalid. The stream starts again.
   */
  readonly reset: () => void
  /** The engine refused for good. A retry would be refused too. */
  readonly refused: (problem: ProblemDocument) => void
}

/**
 * Follows a stream of changes until it is interrupted or refused. After a lost connection, it continues after the
 * last change that it received, so nothing is missed. Each failed attempt makes the next wait longer.
 */
export function followChanges(
  http: HttpClient.HttpClient,
  path: string,
  limits: ReconnectLimits,
  follower: Follower,
): Effect.Effect<void> {
  // This variable outlives a run. So a watch that is started again continues where it stopped.
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
        // The engine has answered, so earlier failures no longer count.
        failures = 0
        follower.reset()
      } else if (problem !== undefined && isFinal(problem)) return follower.refused(problem)
      failures += 1
      follower.disconnected()
      yield* Effect.sleep(yield* backoffMs(limits, failures))
    }
  })
}

/** Whether the place in the feed, or the loan, no longer exists. A store with the same history never loses either. */
const isOtherHistory = ({ code }: ProblemDocument): boolean =>
  code === "cursor-unknown" || code === "loan-unknown"

/** Whether a retry would get the same answer. A loan that is unknown now may become known later. */
const isFinal = ({ status }: ProblemDocument): boolean =>
  status >= 400 && status < 500 && status !== 404 && status !== 429

/**
 * How long to wait. The wait doubles with each failure. A part of it is random, so that not all clients return at the
 * same time.
 */
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

/** Adds a line to an event. A blank line ends the event. */
function eventWith(event: StreamEvent, line: string): readonly [StreamEvent, ReadonlyArray<StreamEvent>] {
  if (line === "") return [noEvent(), [event]]
  const [, name = "", value = ""] = /^([a-z]*): ?(.*)$/su.exec(line) ?? []
  if (name === "id") return [{ ...event, id: value }, []]
  if (name === "data") return [{ ...event, data: event.data + value }, []]
  return [event, []]
}

const decodeChange = Schema.decodeUnknownEffect(Schema.fromJsonString(ChangeJson))
