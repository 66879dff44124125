import { traced } from "@loan-engine/adapters-http/telemetry/traced"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Cause, Clock, Effect, Option, Random, Schema } from "effect"
import type { PlacedEntry } from "../views/loan-json.ts"
import { KnownAccounts } from "../ports/known-accounts.ts"
import { LoanEngine } from "../record/engine.ts"
import { EntryContent } from "../journal/entry.ts"
import type { StoredEntry } from "../journal/entry.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { FeedEntry } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { WebhookStore } from "../ports/webhook-store.ts"
import type { ParkedLoan, WebhookPlace, WebhookRound } from "../ports/webhook-store.ts"
import { reversalOf } from "../views/reversals.ts"
import { changeMessage, isSent } from "./message.ts"
import { attemptsMax, longestDelayMs, retryDelayMs, waitAheadMsMax } from "./schedule.ts"
import type { Delivery, Send } from "./sender.ts"
import type { WebhookLimits } from "./settings.ts"

/** What a round needs besides its endpoint's position. */
export interface RoundOptions {
  readonly owner: string
  readonly send: Send
  readonly limits: WebhookLimits
  /** Whether this round may still start a request. */
  readonly mayBegin: Effect.Effect<boolean>
}

/**
 * `idle`: there was nothing to do. `overtaken`: nothing was written, because another engine has the endpoint or its
 * position has changed.
 */
export type RoundOutcome = "idle" | "settled" | "overtaken"

type RoundServices = WebhookStore | JournalStore | LoanEngine

/** The webhooks of one loan in order. `parked` is set if the loan was parked before this round. */
interface Lane {
  readonly applicationReference: ApplicationReference
  readonly parked: ParkedLoan | undefined
  readonly entries: Effect.Effect<ReadonlyArray<Omit<PlacedEntry, "reversal">>, StoreUnavailable>
}

type LaneEnd = WebhookRound["parked"][number] | undefined

/**
 * Delivers the next page of the feed, and the webhooks of parked loans whose wait is over. Webhooks of one loan are
 * sent one after another; different loans are served in parallel. The result is written in one step. If a webhook
 * fails, its loan is parked at that webhook, and the feed continues without the loan. The loan's later webhooks are
 * read from its own journal when its wait is over.
 */
export const runRound = Effect.fnUntraced(function* (
  place: WebhookPlace,
  options: RoundOptions,
): Effect.fn.Return<RoundOutcome, StoreUnavailable, RoundServices> {
  const { endpoint, position: from } = place
  const { owner, limits } = options
  const store = yield* WebhookStore
  const journal = yield* JournalStore
  const now = yield* Clock.currentTimeMillis
  const due = yield* store.due({
    endpoint,
    now,
    aheadMs: waitAheadMsMax(limits.webhookRetryAfterMsMax),
    limit: limits.webhookPageRowsMax,
  })
  const rows = yield* journal.feed({ after: from, limit: limits.webhookPageRowsMax })
  if (due.length === 0 && rows.length === 0) return "idle"
  const to = rows.at(-1)?.position ?? from
  const lanes = [
    ...(yield* Effect.forEach(due, (parked) => laneOfParked(parked, to, limits.webhookPageRowsMax))),
    ...(yield* lanesOfPage(endpoint, rows)),
  ]
  // A replay may have moved the cursor since this page was read. If so, discard the page.
  const still = yield* store.place(endpoint)
  if (still?.position !== from || still.owner !== owner) return "overtaken"
  let disabledWhy: string | null = null
  const run = runLane({
    ...options,
    mayBegin: Effect.flatMap(options.mayBegin, (may) => Effect.sync(() => may && disabledWhy === null)),
    disable: (why) => (disabledWhy ??= why),
  })
  const ends = yield* Effect.forEach(lanes, run, { concurrency: limits.webhooksInFlightMax })
  const settled = yield* store.settle({
    endpoint,
    owner,
    now: yield* Clock.currentTimeMillis,
    from,
    to,
    caughtUp: lanes.flatMap(({ applicationReference, parked }, index) =>
      parked !== undefined && ends[index] === undefined ? [applicationReference] : [],
    ),
    parked: ends.filter((end) => end !== undefined),
    disabledWhy,
  })
  return settled ? "settled" : "overtaken"
})

/** Reads a parked loan's journal, from its failed webhook up to the current position of the feed. */
const laneOfParked = Effect.fnUntraced(function* (parked: ParkedLoan, to: number, limit: number) {
  const engine = yield* LoanEngine
  const { applicationReference, position } = parked
  const entries = Effect.gen(function* () {
    const sent: Array<StoredEntry> = []
    for (let after = 0; ;) {
      const page = yield* engine.history(applicationReference, { after, limit })
      sent.push(
        ...page.filter((entry) => entry.position >= position && entry.position <= to && isSent(entry)),
      )
      const last = page.at(-1)
      if (last === undefined || page.length < limit || last.position > to) return sent
      after = last.version
    }
  })
  return { applicationReference, parked, entries } satisfies Lane
})

/** Groups a page's entries by loan. Parked loans are left out; their entries are read when their wait is over. */
const lanesOfPage = Effect.fnUntraced(function* (endpoint: string, rows: ReadonlyArray<FeedEntry>) {
  const store = yield* WebhookStore
  const entries = (yield* Effect.forEach(rows, entryOf)).flat().filter(isSent)
  const byLoan = Map.groupBy(entries, ({ applicationReference }) => applicationReference)
  const waiting = yield* store.waiting(endpoint, [...byLoan.keys()])
  return [...byLoan].flatMap(([applicationReference, own]): ReadonlyArray<Lane> =>
    waiting.has(applicationReference)
      ? []
      : [{ applicationReference, parked: undefined, entries: Effect.succeed(own) }],
  )
})

const decodeEntry = Schema.decodeUnknownOption(Schema.fromJsonString(EntryContent))

/**
 * Decodes an entry. No webhook can be made from an altered row. It is skipped, so that it does not delay others.
 * `journal verify` reports it.
 */
const entryOf = Effect.fnUntraced(function* ({ position, hash, text }: FeedEntry) {
  const content = Option.getOrUndefined(decodeEntry(text))
  if (content !== undefined) return [{ ...content, position, hash }]
  yield* Effect.annotateLogs(Effect.logError("a journal row cannot be read: no webhook is sent about it"), {
    position,
  })
  return []
})

interface LaneOptions extends RoundOptions {
  readonly disable: (why: string) => void
}

const runLane = (options: LaneOptions) =>
  Effect.fnUntraced(function* (lane: Lane): Effect.fn.Return<LaneEnd, StoreUnavailable, LoanEngine> {
    const { applicationReference, parked } = lane
    const engine = yield* LoanEngine
    const knownAccounts = yield* KnownAccounts
    const unread = (position: number, attempts: number): LaneEnd => ({
      applicationReference,
      position,
      attempts,
      delayMs: longestDelayMs,
    })
    const entries = yield* readable(applicationReference, lane.entries)
    if (entries === undefined) return parked && unread(parked.position, parked.attempts)
    for (const entry of entries) {
      const { position } = entry
      const attempts = position === parked?.position ? parked.attempts : 0
      const stored = yield* readable(applicationReference, engine.loan(applicationReference))
      const reversal = yield* readable(applicationReference, reversalOf(engine, entry))
      if (stored === undefined || reversal === undefined) return unread(position, attempts)
      if (!(yield* options.mayBegin)) return { applicationReference, position, attempts, delayMs: 0 }
      const { account, disposition } = entry
      const delivery = yield* traced(
        "webhook",
        { applicationReference, account, disposition },
        { kind: "client" },
      )(options.send(changeMessage({ ...entry, reversal }, stored, knownAccounts)))
      if (delivery.outcome === "delivered") continue
      const delayMs = yield* delayAfter(delivery, attempts + 1, options)
      return { applicationReference, position, attempts: attempts + 1, delayMs }
    }
    return undefined
  })

/**
 * Reads something that the store must contain. If it is missing or altered, that is a defect: it is logged, and the
 * result is `undefined`. The loan's webhooks then wait for {@link longestDelayMs}. This wait does not count as an
 * attempt, and webhooks of other loans continue.
 */
const readable = <A>(
  applicationReference: ApplicationReference,
  reading: Effect.Effect<A | undefined, StoreUnavailable>,
): Effect.Effect<A | undefined, StoreUnavailable> =>
  Effect.flatMap(reading, (read) =>
    read === undefined
      ? Effect.die(new Error("a journal entry's loan is not in the store"))
      : Effect.succeed(read),
  ).pipe(
    Effect.catchDefect((defect) =>
      Effect.as(Effect.logError("a loan cannot be read: its webhooks wait", Cause.die(defect)), undefined),
    ),
    Effect.annotateLogs({ applicationReference }),
  )

/** How long a failed webhook waits. After the last attempt, or if the receiver is gone, the endpoint is disabled. */
const delayAfter = Effect.fnUntraced(function* (
  delivery: Exclude<Delivery, { readonly outcome: "delivered" }>,
  attempts: number,
  { limits, disable }: LaneOptions,
) {
  const { outcome, why } = delivery
  const delayMs = retryDelayMs(attempts, yield* Random.next)
  if (outcome === "gone") disable(`it answered ${why}: the receiver wants no more messages`)
  else if (delayMs === undefined) disable(`a message failed ${attemptsMax} times, the last time with: ${why}`)
  if (outcome === "gone" || delayMs === undefined) return 0
  return Math.max(delayMs, Math.min(delivery.retryAfterMs ?? 0, limits.webhookRetryAfterMsMax))
})
