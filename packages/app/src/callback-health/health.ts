import type { Instant } from "@loan-engine/domain/instant"
import type { AccountName } from "@loan-engine/domain/observation"
import { defaultsOf, limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import type { EntryContent } from "../journal/entry.ts"
import type { CallbackState } from "./state.ts"

/** The counts of one account's callbacks on one day, from the journal and from refused requests. */
export interface CallbackDay {
  readonly account: AccountName
  /** The day on which the engine received them, in whole days since 1970 in UTC. */
  readonly day: number
  /** News that first arrived in a callback. */
  readonly byCallback: number
  /** News that first arrived in an answer to a poll, although the bank should have sent a callback. */
  readonly byPoll: number
  /** New callbacks whose news was already known. Such callbacks were late, not lost. */
  readonly late: number
  /** `forged` callbacks were refused because of their signature, `unauthorized` ones because of their credentials. */
  readonly forged: number
  readonly unauthorized: number
  readonly lastCallbackAt: Instant | null
}

export const callbackHealthLimits = {
  callbackHealthEveryMs: limit(10_000, "how often the engine counts which callbacks arrived"),
  callbackHealthDays: limit(7, "over how many days, up to today, the engine judges an account's callbacks"),
  callbackMissedPercentMax: limit(
    30,
    "the percentage of changes without a callback above which the engine raises the alarm",
  ),
  // With less news, a single lost callback would be a high percentage.
  callbackNewsMin: limit(20, "how many changes the engine needs before it judges an account's callbacks"),
  // The default is the length of the bank's retry plan, according to the bank's page.
  callbackLateMsMax: limit(
    36 * 3_600_000,
    "how long a callback may arrive after its change. Until then it is late; after that it is missed",
  ),
}
export type CallbackHealthSettings = LimitsOf<typeof callbackHealthLimits>

export const callbackHealthDefaults = defaultsOf(callbackHealthLimits)

/** The health of one account's callbacks over the last days. */
export interface CallbackHealth extends Omit<CallbackDay, "day"> {
  /** News from a poll whose callback may still arrive. */
  readonly awaited: number
  /** News from a poll whose callback did not arrive in time. */
  readonly missed: number
  /** `missed` as a share of all news that is old enough, from 0 to 1. 0 if there is none. */
  readonly missedRate: number
  /** Set if so many callbacks are missed that the bank may be sending them to another URL. */
  readonly alarming: boolean
  readonly state: CallbackState
}

const dayMs = 86_400_000

export const dayOf = (at: Instant): number => Math.floor(at / dayMs)

/** The key of an account's day. */
const keyOf = (account: AccountName, day: number): string => `${account} ${day}`

/** Counts callbacks by account and day, until they are written. */
export class CallbackTally {
  private readonly tallied = new Map<string, CallbackDay>()

  get days(): ReadonlyArray<CallbackDay> {
    return [...this.tallied.values()]
  }

  /** Counts the callbacks and the news of one journal entry. */
  entry({ account, source, news, disposition, receivedAt }: CountedEntry): void {
    const day = dayOf(receivedAt)
    if (source === "callback") {
      const late = disposition === "repeated" || (disposition === "noted" && news.length === 0) ? 1 : 0
      this.add(account, day, { byCallback: news.length, late, lastCallbackAt: receivedAt })
    } else if (source === "poll" || source === "quote") {
      this.add(account, day, { byPoll: news.length })
    }
  }

  /** Counts callbacks that were refused since the last count. */
  refused(account: AccountName, at: Instant, counts: Pick<CallbackDay, "forged" | "unauthorized">): void {
    if (counts.forged > 0 || counts.unauthorized > 0) this.add(account, dayOf(at), counts)
  }

  private add(account: AccountName, day: number, more: Partial<Omit<CallbackDay, "account" | "day">>): void {
    const key = keyOf(account, day)
    this.tallied.set(key, sum(this.tallied.get(key) ?? quietDay(account, day), more))
  }
}

/** The members of an entry that a tally reads. */
export type CountedEntry = Pick<EntryContent, "account" | "source" | "news" | "disposition" | "receivedAt">

const quietDay = (account: AccountName, day: number): CallbackDay => ({
  account,
  day,
  byCallback: 0,
  byPoll: 0,
  late: 0,
  forged: 0,
  unauthorized: 0,
  lastCallbackAt: null,
})

function sum(one: CallbackDay, more: Partial<CallbackDay>): CallbackDay {
  const last = Math.max(one.lastCallbackAt ?? -1, more.lastCallbackAt ?? -1)
  return {
    account: one.account,
    day: one.day,
    byCallback: one.byCallback + (more.byCallback ?? 0),
    byPoll: one.byPoll + (more.byPoll ?? 0),
    late: one.late + (more.late ?? 0),
    forged: one.forged + (more.forged ?? 0),
    unauthorized: one.unauthorized + (more.unauthorized ?? 0),
    lastCallbackAt: last < 0 ? null : last,
  }
}

/** The first day that counts for an account's health. */
export const judgedFrom = (now: Instant, { callbackHealthDays }: CallbackHealthSettings): number =>
  dayOf(now) - callbackHealthDays + 1

/** The news of some days. `untold` is how much of it came without a callback. */
interface Untold {
  readonly news: number
  readonly untold: number
}

const share = ({ news, untold }: Untold): number => (news === 0 ? 0 : untold / news)

/**
 * For each day, how much news still has no callback. A late callback does not show which news it belongs to, so it is
 * matched with the oldest news that has none. That news is at most as old as the bank's retry plan is long.
 */
function untoldByDay(days: ReadonlyArray<CallbackDay>, lateMsMax: number): ReadonlyMap<number, Untold> {
  const reach = Math.ceil(lateMsMax / dayMs)
  const untold = new Map(days.map(({ day, byPoll }) => [day, byPoll]))
  for (const { day, late } of days) {
    let left = late
    for (const { day: earlier } of days) {
      const open = untold.get(earlier) ?? 0
      const told = earlier > day || earlier < day - reach ? 0 : Math.min(left, open)
      untold.set(earlier, open - told)
      left -= told
    }
  }
  return new Map(
    days.map(({ day, byCallback, byPoll }) => [
      day,
      { news: byCallback + byPoll, untold: untold.get(day) ?? 0 },
    ]),
  )
}

/**
 * Computes an account's health from its days. If news came from a poll and its callback may still arrive, the news is
 * `awaited`. After the bank's retry plan is over, it is `missed`. `awaited` is separate because it is the first sign
 * that a bank sends its callbacks to another URL.
 */
export function callbackHealth(
  account: AccountName,
  days: ReadonlyArray<CallbackDay>,
  settings: CallbackHealthSettings,
  now: Instant,
): CallbackHealth {
  const own = byDay(days.filter((each) => each.account === account))
  const { day: _day, ...total } = own.reduce(sum, quietDay(account, 0))
  const parts = { due: { news: 0, untold: 0 }, awaited: { news: 0, untold: 0 } }
  for (const [day, { news, untold }] of untoldByDay(own, settings.callbackLateMsMax)) {
    const part = now >= (day + 1) * dayMs + settings.callbackLateMsMax ? parts.due : parts.awaited
    part.news += news
    part.untold += untold
  }
  const isTooMuch = (part: Untold): boolean =>
    part.news >= settings.callbackNewsMin && share(part) * 100 > settings.callbackMissedPercentMax
  const alarming = isTooMuch(parts.due)
  return {
    ...total,
    awaited: parts.awaited.untold,
    missed: parts.due.untold,
    missedRate: share(parts.due),
    alarming,
    state: alarming
      ? "alarm"
      : isTooMuch(parts.awaited)
        ? "late"
        : calmState(parts.due, parts.awaited, total.forged + total.unauthorized, settings),
  }
}

function calmState(
  due: Untold,
  awaited: Untold,
  refused: number,
  { callbackNewsMin }: CallbackHealthSettings,
): CallbackState {
  const news = due.news + awaited.news
  if (news === 0) return "quiet"
  if (due.untold > 0) return due.news < callbackNewsMin ? "unjudged" : "some-missed"
  if (awaited.untold > 0 && news < callbackNewsMin) return "unjudged"
  return refused > 0 ? "some-refused" : "fine"
}

/** One item for each day, the oldest first. Counts that are not written yet are added to the written ones. */
function byDay(days: ReadonlyArray<CallbackDay>): ReadonlyArray<CallbackDay> {
  const found = new Map<number, CallbackDay>()
  for (const each of days)
    found.set(each.day, sum(found.get(each.day) ?? quietDay(each.account, each.day), each))
  return [...found.values()].toSorted((one, other) => one.day - other.day)
}

/** The command that shows an account's callbacks. */
export const callbackHealthCommand = (account: AccountName): string =>
  `loan-engine callback health --account ${account}`

/** The warning that an account's callbacks are late, but may still arrive. */
export const callbacksLate = ({ account, awaited }: CallbackHealth): string =>
  `account ${account}: ${awaited} callbacks are late. If the bank's callback URL was overwritten, they will not arrive at all. Look ` +
  `with: ${callbackHealthCommand(account)}`

/** The warning that an account's callbacks do not arrive. */
export const callbackAlarm = ({ account, missed, byCallback, byPoll }: CallbackHealth): string =>
  `account ${account}: ${missed} of ${byCallback + byPoll} news had no callback within the bank's retry plan. The bank's callback URL may ` +
  `have been overwritten, or never registered. Look with: ${callbackHealthCommand(account)}`
