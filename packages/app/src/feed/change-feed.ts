import type { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Reversal } from "@loan-engine/domain/reversal"
import { Clock, Context, Data, Deferred, Effect, Layer, PubSub } from "effect"
import type { Scope } from "effect"
import { inSteps, mapInSteps } from "../base/in-steps.ts"
import { limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import { LoanEngine } from "../record/engine.ts"
import { cursorOf, cursorText, feedBeginning } from "../journal/feed-cursor.ts"
import type { FeedCursor } from "../journal/feed-cursor.ts"
import { entryIn } from "../journal/entry-text.ts"
import type { EntryContent } from "../journal/entry.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { FeedEntry } from "../ports/journal-store.ts"
import { ReadTurns } from "../ports/read-turns.ts"
import { reversalOf } from "../views/reversals.ts"
import type { StoredLoan, StoreUnavailable } from "../ports/loan-store.ts"

export const changeFeedLimits = {
  changeStreamsMax: limit(1_000, "how many streams of changes may be open at the same time"),
  changesUnreadMsMax: limit(
    30_000,
    "how long a reader may leave sent changes unread. Then the engine closes the stream",
  ),
  changesHeartbeatMs: limit(15_000, "how long a stream may be silent before the engine sends a heartbeat"),
  changesPollMs: limit(1_000, "how often a stream looks for changes of other processes"),
  changesPageRowsMax: limit(100, "how many changes the engine reads from the journal at once"),
}
export type ChangeFeedLimits = LimitsOf<typeof changeFeedLimits>

/** A durable change, its position in the feed, and its loan as it was when the feed was read. */
export interface FeedChange extends EntryContent {
  readonly position: number
  readonly hash: string
  /** The reversal that this entry makes, given the loan's earlier entries. */
  readonly reversal: Reversal | null
  readonly stored: StoredLoan
}

/** What a reader gets next: changes. If there were none that it wants for a while, only a cursor. */
export interface FeedStep {
  readonly changes: ReadonlyArray<FeedChange>
  readonly cursor: FeedCursor
}

/**
 * The feed does not have this place. It is after the end of the feed, or from another store, or from before a backup
 * was restored. The reader must read the loans again, and then continue without a cursor.
 */
export class CursorUnknown extends Data.TaggedError("CursorUnknown")<{ readonly cursor: FeedCursor }> {
  override get message(): string {
    return (
      `The feed does not have the place ${cursorText(this.cursor)}. It is after the end of the feed, or from another store, or from ` +
      "before a backup was restored. Read the loans again, then follow the feed without a cursor."
    )
  }
}

export interface ReadOptions {
  /** The stream begins after this place. If absent, it begins with the next change. */
  readonly after: FeedCursor | undefined
  readonly only: { readonly reference?: ApplicationReference; readonly account?: AccountName | undefined }
}

/**
 * Each run results in the next step. The result is `undefined` after the engine has stopped the feed. The effect
 * fails if the store was restored while the engine runs, and no longer has the reader's place.
 */
export type NextStep = Effect.Effect<FeedStep | undefined, CursorUnknown | StoreUnavailable>

/**
 * The journal as a feed: every entry after any position, at least once. A reader is only a position, so a slow reader
 * costs no memory. Signals wake the reader. Everything that it gets is read from the journal.
 */
export class ChangeFeed extends Context.Service<
  ChangeFeed,
  {
    /** The position of the newest change. */
    readonly head: Effect.Effect<number, StoreUnavailable>
    /** Finds a place in the feed, and adds its mark. Fails if the feed does not have the place. */
    readonly find: (cursor: FeedCursor) => Effect.Effect<FeedCursor, CursorUnknown | StoreUnavailable>
    /** Opens a reader at a place that `find` has checked. The reader lives as long as its scope. */
    readonly read: (
      options: ReadOptions,
    ) => Effect.Effect<{ readonly start: FeedCursor; readonly next: NextStep }, StoreUnavailable, Scope.Scope>
    /** Ends every reader, so that none waits for changes that will not come. */
    readonly stop: Effect.Effect<void>
  }
>()("@loan-engine/app/ChangeFeed") {
  static readonly layer = (
    limits: ChangeFeedLimits,
  ): Layer.Layer<ChangeFeed, never, LoanEngine | JournalStore | ReadTurns> =>
    Layer.effect(ChangeFeed, makeFeed(limits))
}

const makeFeed = Effect.fnUntraced(function* (limits: ChangeFeedLimits) {
  const engine = yield* LoanEngine
  const journal = yield* JournalStore
  const turns = yield* ReadTurns
  const stopped = yield* Deferred.make<void>()
  const pageBehind = makePages(limits, journal, engine, turns)
  const head = Effect.map(journal.lastEntry, (entry) =>
    entry === undefined ? feedBeginning : cursorOf(entry),
  )

  const read = Effect.fnUntraced(function* ({ after: given, only }: ReadOptions) {
    const wakes = [yield* PubSub.subscribe(engine.changes), yield* PubSub.subscribe(journal.news)]
    const newest = yield* head
    const start = given ?? newest
    const { reference } = only
    const goOn = (from: FeedCursor): NextStep => walk(from, wanted(only), wakes)
    if (reference === undefined) return { start, next: goOn(start) }
    if (start.position >= newest.position) return { start, next: goOn(newest) }
    const after = yield* journal.versionAt(reference, start.position)
    const past = pastOf(engine, reference, after, limits.changesPageRowsMax)
    return { start, next: firstly(turns.forStream(past), newest, goOn) }
  })

  /** Reads the feed after a place, until there is a change to give or a heartbeat is due. */
  const walk = (from: FeedCursor, isWanted: (change: FeedChange) => boolean, wakes: Wakes): NextStep => {
    let cursor = from
    return Effect.gen(function* () {
      const quietFrom = yield* Clock.currentTimeMillis
      for (;;) {
        if (yield* Deferred.isDone(stopped)) return undefined
        const page = yield* pageBehind(cursor)
        cursor = latest(cursor, page.at(-1))
        const changes = page.filter(isWanted)
        const quietMs = (yield* Clock.currentTimeMillis) - quietFrom
        if (changes.length > 0 || quietMs >= limits.changesHeartbeatMs) return { changes, cursor }
        if (page.length === 0) yield* waitForNews(wakes)
      }
    })
  }

  const waitForNews = (wakes: Wakes): Effect.Effect<void> =>
    Effect.raceAllFirst([...wakes.map(PubSub.takeAll), Deferred.await(stopped)]).pipe(
      Effect.timeoutOption(Math.min(limits.changesPollMs, limits.changesHeartbeatMs)),
      Effect.asVoid,
    )
  return ChangeFeed.of({
    head: Effect.map(head, ({ position }) => position),
    find: findIn(journal),
    read,
    stop: Effect.asVoid(Deferred.succeed(stopped, undefined)),
  })
})

/** A reader's place after a page. If the page was empty, the place stays the same. */
const latest = (cursor: FeedCursor, row: FeedChange | undefined): FeedCursor =>
  row === undefined || row.position < cursor.position ? cursor : cursorOf(row)

/** The signals that end a wait: this process has written, or another process has. */
type Wakes = ReadonlyArray<PubSub.Subscription<unknown>>

const wanted =
  ({ reference, account }: ReadOptions["only"]) =>
  (change: FeedChange): boolean =>
    (reference === undefined || change.applicationReference === reference) &&
    (account === undefined || change.account === account)

/**
 * Reads the loan's past first, step by step. Then it follows the feed after both the past and the newest position.
 */
function firstly(past: PastPage, newest: FeedCursor, goOn: (from: FeedCursor) => NextStep): NextStep {
  let reached = newest
  let next: NextStep | undefined
  return Effect.suspend(
    () =>
      next ??
      Effect.flatMap(past, (changes) => {
        const last = changes.at(-1)
        if (last === undefined) return (next = goOn(reached))
        reached = latest(reached, last)
        return Effect.succeed({ changes, cursor: cursorOf(last) })
      }),
  )
}

/** Whether the feed has a place. The row at the place, or the first row after it, shows that. */
const findIn =
  (journal: JournalStore["Service"]) =>
  (cursor: FeedCursor): Effect.Effect<FeedCursor, CursorUnknown | StoreUnavailable> =>
    Effect.gen(function* () {
      const { position, mark } = cursor
      if (position === 0 && mark === undefined) return feedBeginning
      const [row] = yield* journal.sealable({ after: position - 1, limit: 1 })
      if (row === undefined) return yield* new CursorUnknown({ cursor })
      const found = cursorOf(row)
      if (mark === undefined) return found.position === position ? found : cursor
      if (found.position === position && found.mark === mark) return found
      return yield* new CursorUnknown({ cursor })
    })

/** Each run results in the next page of a loan's past. Empty after the last page. */
type PastPage = Effect.Effect<ReadonlyArray<FeedChange>, StoreUnavailable>

/**
 * Reads one loan's past after a version, from its own history. In the feed, every row after the position would have
 * to be searched.
 */
function pastOf(
  engine: LoanEngine["Service"],
  reference: ApplicationReference,
  version: number,
  limit: number,
): PastPage {
  let after = version
  return Effect.gen(function* () {
    const stored = yield* engine.loan(reference)
    const entries = yield* engine.history(reference, { after, limit })
    const last = entries.at(-1)
    if (stored === undefined || last === undefined) return []
    after = last.version
    return yield* inSteps(entries, (entry) =>
      Effect.map(reversalOf(engine, entry), (reversal) => ({ ...entry, stored, reversal })),
    )
  })
}

/** How many pages are cached, for readers at the same position. Most readers are at the newest position. */
const pagesKeptMax = 32

/**
 * Reads the feed's next page after a place. If many readers ask for the same page, it is read once. If the place is
 * missing, the store was restored while the engine runs: from a backup, or to a replica that lagged. Then the cache
 * is cleared.
 */
function makePages(
  { changesPageRowsMax: limit }: ChangeFeedLimits,
  journal: JournalStore["Service"],
  engine: LoanEngine["Service"],
  turns: ReadTurns["Service"],
): (after: FeedCursor) => Effect.Effect<ReadonlyArray<FeedChange>, CursorUnknown | StoreUnavailable> {
  const pages = new Map<string, ReadonlyArray<FeedChange>>()
  const find = findIn(journal)
  const page = Effect.fnUntraced(function* (after: FeedCursor) {
    yield* Effect.tapError(find(after), () => Effect.sync(() => pages.clear()))
    const rows = yield* journal.feed({ after: after.position, limit })
    if (rows.length === 0) return []
    const changes = yield* withLoans(engine, rows)
    pages.set(cursorText(after), changes)
    const [oldest] = pages.keys()
    if (pages.size > pagesKeptMax && oldest !== undefined) pages.delete(oldest)
    return changes
  })
  return (after) =>
    Effect.suspend(() => {
      const known = pages.get(cursorText(after))
      return known === undefined ? turns.forStream(page(after)) : Effect.succeed(known)
    })
}

const withLoans = Effect.fnUntraced(function* (
  engine: LoanEngine["Service"],
  rows: ReadonlyArray<FeedEntry>,
): Effect.fn.Return<ReadonlyArray<FeedChange>, StoreUnavailable> {
  const entries = yield* mapInSteps(rows, ({ position, hash, text }) => ({
    ...entryIn(text),
    position,
    hash,
  }))
  const references = new Set(entries.map(({ applicationReference }) => applicationReference))
  const loans = new Map(
    (yield* engine.loans([...references])).map((stored) => [stored.loan.applicationReference, stored]),
  )
  return yield* inSteps(entries, (entry) => {
    const stored = loans.get(entry.applicationReference)
    return stored === undefined
      ? Effect.die(new Error("a journal entry's loan is not in the store"))
      : Effect.map(reversalOf(engine, entry), (reversal) => ({ ...entry, stored, reversal }))
  })
})
