import { existsSync } from "node:fs"
import { isNativeError } from "node:util/types"
import { steadyMillis } from "@loan-engine/adapters-http/http/rate"
import { makeExchange } from "@loan-engine/adapters-http/http/exchange"
import type { Exchange } from "@loan-engine/adapters-http/http/exchange"
import { Effect, Result } from "effect"
import type { Scope } from "effect"
import { StoreUnusable } from "../ports/loan-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { anchorOf } from "../journal/anchor.ts"
import type { KeptAnchor } from "../journal/anchor.ts"
import { limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import { readStamp, stampRequest } from "../journal/time-stamp.ts"
import { appendAnchor, readAnchors } from "./anchors-file.ts"
import type { Seal } from "../journal/checkpoint.ts"
import { JournalStore } from "../ports/journal-store.ts"

/**
 * Where the newest checkpoint is kept outside the store. With it, `journal verify` notices rewritten or missing
 * history.
 */
export interface AnchorSettings extends LimitsOf<typeof anchorLimits> {
  /** The file to which each anchor is added. */
  readonly anchorsFile: string | undefined
  /** The URL to which each anchor is sent by POST. */
  readonly anchorsUrl: string | undefined
  /** A time-stamp service (RFC 3161), which signs each anchor with the time. */
  readonly anchorsTimeStampUrl: string | undefined
}

export const anchorLimits = {
  // An anchor is kept only if the feed has grown. The first is kept at once, and the last when the engine stops.
  anchorEveryMs: limit(3_600_000, "how often the engine keeps the newest checkpoint as an anchor"),
}

/**
 * How soon a place is tried again after it failed to keep an anchor. If its next anchor is due sooner, that time
 * counts.
 */
const anchorRetryMs = 60_000

/** The limits of a request with an anchor. An anchor is small, and nothing waits for it. */
const exchangeLimits = {
  connectMsMax: 5_000,
  headersMsMax: 10_000,
  bodyIdleMsMax: 10_000,
  exchangeMsMax: 15_000,
  responseBytesMax: 65_536,
  connectionsMax: 1,
}

export interface Anchors {
  /** Keeps the newest checkpoint, if the last anchor is old enough, and then its time stamp. */
  readonly keepIfDue: Effect.Effect<void, StoreUnavailable>
  /** Keeps the newest checkpoint, unless it is kept already. It asks for no time stamp, so that a stop is quick. */
  readonly keepNewest: Effect.Effect<void, StoreUnavailable>
}

/** A place for anchors. `keep` results in `true` if the place has kept the anchor. */
interface Place {
  readonly keep: (anchor: KeptAnchor) => Effect.Effect<boolean>
  /** The number of the newest checkpoint that the place has, and when the next anchor is due. */
  kept: number
  dueAt: number
}

/**
 * Keeps anchors in the places of the settings. If a place fails, a warning is logged, and the place is tried again
 * soon.
 */
export const makeAnchors = Effect.fnUntraced(function* ({
  anchorsFile,
  anchorsUrl,
  anchorsTimeStampUrl,
  anchorEveryMs,
}: AnchorSettings): Effect.fn.Return<Anchors, never, JournalStore | Scope.Scope> {
  const journal = yield* JournalStore
  const places: Array<Place> = []
  const add = (keep: Place["keep"]) => places.push({ keep, kept: 0, dueAt: Number.NEGATIVE_INFINITY })
  if (anchorsFile !== undefined) add(intoFile(anchorsFile))
  if (anchorsUrl !== undefined) add(toUrl(anchorsUrl, yield* makeExchange(exchangeLimits)))
  const stamped =
    anchorsTimeStampUrl === undefined
      ? undefined
      : stampedBy(anchorsTimeStampUrl, yield* makeExchange(exchangeLimits))
  const keepAt = Effect.fnUntraced(function* (place: Place, newest: Seal) {
    if (newest.number === place.kept) return
    const isKept = yield* place.keep(anchorOf(newest))
    const now = yield* steadyMillis
    if (isKept) place.kept = newest.number
    place.dueAt = now + (isKept ? anchorEveryMs : Math.min(anchorRetryMs, anchorEveryMs))
  })
  const keepWhere = Effect.fnUntraced(function* (isDue: (place: Place, now: number) => boolean) {
    const now = yield* steadyMillis
    const due = places.filter((place) => isDue(place, now))
    const newest = due.length === 0 ? undefined : yield* journal.lastCheckpoint
    if (newest === undefined) return undefined
    yield* Effect.forEach(due, (place) => keepAt(place, newest), { discard: true })
    return newest
  })
  let stampedNumber = 0
  /** Keeps the anchor once more, with its time stamp. The service may be slow, so the anchor is already kept. */
  const keepStamped = Effect.fnUntraced(function* (newest: Seal | undefined) {
    if (stamped === undefined || newest === undefined || newest.number === stampedNumber) return
    stampedNumber = newest.number
    const anchor = yield* stamped(anchorOf(newest))
    if (anchor.timeStamp !== undefined)
      yield* Effect.forEach(places, (place) => place.keep(anchor), { discard: true })
  })
  return {
    keepIfDue: Effect.flatMap(
      keepWhere(({ dueAt }, now) => now >= dueAt),
      keepStamped,
    ),
    keepNewest: Effect.asVoid(keepWhere(() => true)),
  }
})

const intoFile = (file: string) => (anchor: KeptAnchor) =>
  Effect.try({ try: () => appendAnchor(file, anchor), catch: (cause) => cause }).pipe(
    Effect.as(true),
    Effect.catch((cause) => notKept(anchor, file, isNativeError(cause) ? cause.message : "unknown failure")),
  )

const toUrl = (url: string, exchange: Exchange) => (anchor: KeptAnchor) =>
  Effect.gen(function* () {
    const body = new TextEncoder().encode(JSON.stringify(anchor))
    const headers = { "content-type": "application/json" }
    const answer = yield* Effect.result(exchange({ url: new URL(url), method: "POST", headers, body }))
    if (Result.isFailure(answer)) return yield* notKept(anchor, new URL(url).origin, answer.failure.advice)
    const { status } = answer.success
    if (status < 200 || status > 299)
      return yield* notKept(anchor, new URL(url).origin, `it answered ${status}`)
    return true
  })

/**
 * Asks the service for a time stamp. If it gives none, the anchor is kept without one. The stamp of the next anchor
 * covers this one too.
 */
const stampedBy = (service: string, exchange: Exchange) =>
  Effect.fnUntraced(function* (anchor: KeptAnchor): Effect.fn.Return<KeptAnchor> {
    const url = new URL(service)
    const headers = { "content-type": "application/timestamp-query", accept: "application/timestamp-reply" }
    const body = yield* stampRequest(anchor)
    const answer = yield* Effect.result(exchange({ url, method: "POST", headers, body }))
    if (Result.isFailure(answer)) return yield* notStamped(anchor, url, answer.failure.advice)
    const { status, body: stamp } = answer.success
    if (status !== 200) return yield* notStamped(anchor, url, `it answered ${status}`)
    const read = yield* readStamp(anchor, stamp)
    if (read === undefined) return yield* notStamped(anchor, url, "its answer is no time stamp of the anchor")
    return { ...anchor, timeStamp: Buffer.from(stamp).toString("base64") }
  })

const notStamped = (anchor: KeptAnchor, service: URL, reason: string): Effect.Effect<KeptAnchor> =>
  Effect.logWarning("an anchor has no time stamp; the engine will ask for one for the next anchor").pipe(
    Effect.annotateLogs({ checkpoint: anchor.number, place: service.origin, reason }),
    Effect.as(anchor),
  )

const notKept = ({ number }: KeptAnchor, place: string, reason: string): Effect.Effect<boolean> =>
  Effect.logWarning("an anchor could not be written; the engine will try again").pipe(
    Effect.annotateLogs({ checkpoint: number, place, reason }),
    Effect.as(false),
  )

/**
 * Fails if a store's file is missing although an anchor shows that it had content. Call it before the store is
 * opened, because opening would create the file again, and SQLite would delete the log that is left beside it.
 */
export const requireFile = Effect.fnUntraced(function* (
  path: string,
  anchorsFile: string | undefined,
): Effect.fn.Return<void, StoreUnusable> {
  if (anchorsFile === undefined || existsSync(path)) return
  const newest = (yield* anchorsOf(anchorsFile)).at(-1)
  if (newest !== undefined) return yield* new StoreUnusable({ message: emptied(path, anchorsFile, newest) })
})

/**
 * Fails if the store is not the one that the anchors remember. It may be empty, because the file was deleted or a copy
 * lacks its log. Or no anchor fits, because this is another store. If the store is only older than the newest anchor,
 * such as a restored backup, a warning is logged. The same happens if it fits the first anchor, but not the newest:
 * a failover to a standby that lagged may have lost the checkpoints between.
 */
export const requireRemembered = Effect.fnUntraced(function* (
  place: string,
  anchorsFile: string | undefined,
): Effect.fn.Return<void, StoreUnusable, JournalStore> {
  if (anchorsFile === undefined) return
  const remembered = yield* Effect.catchTag(remember(place, anchorsFile), "StoreUnavailable", ({ message }) =>
    Effect.fail(new StoreUnusable({ message })),
  )
  if (remembered?.differsAt !== undefined)
    yield* Effect.logWarning("the store differs from its newest anchors: were changes lost?").pipe(
      Effect.annotateLogs({ checkpoint: remembered.differsAt, anchors: anchorsFile }),
    )
  if (remembered === undefined || remembered.last >= remembered.newest) return
  yield* Effect.logWarning("the store is older than its anchors: was a backup restored?").pipe(
    Effect.annotateLogs({ checkpoint: remembered.last, kept: remembered.newest, anchors: anchorsFile }),
  )
})

/**
 * Compares the store with its anchors. The result is the number of its last checkpoint and that of the newest anchor,
 * or `undefined` if there is no anchor. `differsAt` is the checkpoint whose newest anchor does not fit, if the first
 * anchor fits.
 */
export const remember = Effect.fnUntraced(function* (
  place: string,
  anchorsFile: string,
): Effect.fn.Return<
  { readonly last: number; readonly newest: number; readonly differsAt?: number } | undefined,
  StoreUnusable | StoreUnavailable,
  JournalStore
> {
  const anchors = yield* anchorsOf(anchorsFile)
  const newest = anchors.at(-1)
  if (newest === undefined) return undefined
  const journal = yield* JournalStore
  const last = yield* journal.lastCheckpoint
  if (last === undefined) return yield* new StoreUnusable({ message: emptied(place, anchorsFile, newest) })
  const fits = ({ number, hash }: KeptAnchor) =>
    Effect.map(
      journal.checkpoints({ after: number - 1, limit: 1 }),
      ([same]) => same?.number === number && same.hash === hash,
    )
  const due = anchors.filter(({ number }) => number <= last.number)
  const [first, latest] = [due[0], due.at(-1)]
  const found = { last: last.number, newest: newest.number }
  if (first === undefined || latest === undefined || (yield* fits(latest))) return found
  if (yield* fits(first)) return { ...found, differsAt: latest.number }
  return yield* new StoreUnusable({ message: another(place, anchorsFile, latest) })
})

/** Reads the anchors file. If it cannot be read, the engine must not start. */
export const anchorsOf = (file: string): Effect.Effect<ReadonlyArray<KeptAnchor>, StoreUnusable> =>
  Effect.try({
    try: () => readAnchors(file),
    catch: (cause) =>
      new StoreUnusable({
        message: `The anchors in ${file} cannot be read: ${isNativeError(cause) ? cause.message : "unknown failure"}.`,
        cause,
      }),
  })

const emptied = (place: string, file: string, { number, sealedAt }: KeptAnchor): string =>
  `${place} contains no loans, but it once did: ${file} contains an anchor for its checkpoint ${number} of ${sealedAt}. ` +
  "Put the database back, with its -wal file if there is one, or restore the last good backup. " +
  `If you want to begin with an empty store, move ${file} away.`

const another = (place: string, file: string, { number, sealedAt }: KeptAnchor): string =>
  `${place} is not the store that ${file} remembers: its checkpoint ${number} is not the one of ${sealedAt}. ` +
  "Point LOAN_ENGINE_DATABASE_URL at the right store, or restore the last good backup. " +
  `If this store is the right one, for example after a restore, move ${file} away.`
