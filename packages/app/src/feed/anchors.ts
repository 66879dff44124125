import { makeExchange } from "@loan-engine/adapters-http/http/exchange"
import type { Exchange } from "@loan-engine/adapters-http/http/exchange"
import { Clock, Effect, Result } from "effect"
import type { Scope } from "effect"
import { StoreUnusable } from "../ports/loan-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { anchorOf } from "../journal/anchor.ts"
import type { KeptAnchor } from "../journal/anchor.ts"
import { appendAnchor, readAnchors } from "./anchors-file.ts"
import type { Seal } from "../journal/checkpoint.ts"
import { JournalStore } from "../ports/journal-store.ts"

/** Where the newest checkpoint is kept beside the store, so that `journal verify` sees what was rewritten or is gone. */
export interface AnchorSettings {
  /** The file that anchors are added to. */
  readonly anchorsFile: string | undefined
  /** Where each is sent to by POST. */
  readonly anchorsUrl: string | undefined
  /** How often one is kept, if the feed has grown; the first is kept at once, and the last as the engine stops. */
  readonly anchorEveryMs: number
}

export const anchorLimitsDefault = { anchorEveryMs: 3_600_000 }

/** How soon a place is tried again that did not keep an anchor, if its next is not due sooner. */
const anchorRetryMs = 60_000

/** An anchor is small, and nobody waits for it. */
const exchangeLimits = {
  connectMsMax: 5_000,
  headersMsMax: 10_000,
  bodyIdleMsMax: 10_000,
  exchangeMsMax: 15_000,
  responseBytesMax: 65_536,
  connectionsMax: 1,
}

export interface Anchors {
  /** Keeps the newest checkpoint if the last one was kept long enough ago. */
  readonly keepIfDue: Effect.Effect<void, StoreUnavailable>
  /** Keeps the newest checkpoint unless it is kept already. */
  readonly keepNewest: Effect.Effect<void, StoreUnavailable>
}

/** A place for anchors. `keep` tells whether it has this one now. */
interface Place {
  readonly keep: (anchor: KeptAnchor) => Effect.Effect<boolean>
  /** The newest checkpoint that it has, and when its next is due. */
  kept: number
  dueAt: number
}

/** Keeps anchors as the settings say. If a place cannot keep one, the log warns, and that place is tried again soon. */
export const makeAnchors = Effect.fnUntraced(function* ({
  anchorsFile,
  anchorsUrl,
  anchorEveryMs,
}: AnchorSettings): Effect.fn.Return<Anchors, never, JournalStore | Scope.Scope> {
  const journal = yield* JournalStore
  const places: Array<Place> = []
  const add = (keep: Place["keep"]) => places.push({ keep, kept: 0, dueAt: 0 })
  if (anchorsFile !== undefined) add(intoFile(anchorsFile))
  if (anchorsUrl !== undefined) add(toUrl(anchorsUrl, yield* makeExchange(exchangeLimits)))
  const keepAt = Effect.fnUntraced(function* (place: Place, newest: Seal) {
    if (newest.number === place.kept) return
    const isKept = yield* place.keep(anchorOf(newest))
    const now = yield* Clock.currentTimeMillis
    if (isKept) place.kept = newest.number
    place.dueAt = now + (isKept ? anchorEveryMs : Math.min(anchorRetryMs, anchorEveryMs))
  })
  const keepWhere = (isDue: (place: Place, now: number) => boolean) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const due = places.filter((place) => isDue(place, now))
      const newest = due.length === 0 ? undefined : yield* journal.lastCheckpoint
      if (newest === undefined) return
      yield* Effect.forEach(due, (place) => keepAt(place, newest), { discard: true })
    })
  return {
    keepIfDue: keepWhere(({ dueAt }, now) => now >= dueAt),
    keepNewest: keepWhere(() => true),
  }
})

const intoFile = (file: string) => (anchor: KeptAnchor) =>
  Effect.try({ try: () => appendAnchor(file, anchor), catch: (cause) => cause }).pipe(
    Effect.as(true),
    Effect.catch((cause) =>
      notKept(anchor, file, cause instanceof Error ? cause.message : "unknown failure"),
    ),
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

const notKept = ({ number }: KeptAnchor, place: string, reason: string): Effect.Effect<boolean> =>
  Effect.logWarning("a checkpoint could not be kept elsewhere; the next one will be tried").pipe(
    Effect.annotateLogs({ checkpoint: number, place, reason }),
    Effect.as(false),
  )

/**
 * Refuses a store that is empty though an anchor says that it was not: the file was deleted, or a copy lacks its log. One
 * that is merely older, as a restored backup is, gets a warning.
 */
export const requireRemembered = Effect.fnUntraced(function* (
  place: string,
  anchorsFile: string | undefined,
): Effect.fn.Return<void, StoreUnusable, JournalStore> {
  const newest = anchorsFile === undefined ? undefined : (yield* anchorsOf(anchorsFile)).at(-1)
  if (anchorsFile === undefined || newest === undefined) return
  const journal = yield* JournalStore
  const last = yield* Effect.mapError(journal.lastCheckpoint, ({ message }) => new StoreUnusable({ message }))
  if (last === undefined) return yield* new StoreUnusable({ message: emptied(place, anchorsFile, newest) })
  if (last.number >= newest.number) return
  yield* Effect.logWarning("the store is older than it was; was a backup restored?").pipe(
    Effect.annotateLogs({ checkpoint: last.number, kept: newest.number, anchors: anchorsFile }),
  )
})

/** What an anchors file says; one that cannot be read is no store to start on. */
export const anchorsOf = (file: string): Effect.Effect<ReadonlyArray<KeptAnchor>, StoreUnusable> =>
  Effect.try({
    try: () => readAnchors(file),
    catch: (cause) =>
      new StoreUnusable({
        message: `The anchors in ${file} cannot be read: ${cause instanceof Error ? cause.message : "unknown failure"}.`,
        cause,
      }),
  })

const emptied = (place: string, file: string, { number, sealedAt }: KeptAnchor): string =>
  `${place} holds no loans, but it did: ${file} remembers its checkpoint ${number} of ${sealedAt}. Put the database back, ` +
  "with its -wal if it has one, or restore the last good backup. To begin with an empty store on purpose, move that file away."
