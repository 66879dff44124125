import type { Instant } from "@loan-engine/domain/instant"
import type { AccountName } from "@loan-engine/domain/observation"
import type { EntryContent } from "../journal/entry.ts"
import type { CallbackState } from "./state.ts"

/** What one account's callbacks did on one day, counted from the journal and from what was refused. */
export interface CallbackDay {
  readonly account: AccountName
  /** Whole days since 1970 in UTC, of the receipt. */
  readonly day: number
  /** News that a callback brought first. */
  readonly byCallback: number
  /** News that the bank had to be asked for, though a callback should have brought it. */
  readonly byPoll: number
  /** Callbacks of a kind not heard before whose news was known already: late rather than lost. */
  readonly late: number
  /** Refused because of their signature, and because of their credentials. */
  readonly forged: number
  readonly unauthorized: number
  readonly lastCallbackAt: Instant | null
}

export interface CallbackHealthSettings {
  /** How often the journal is counted on. */
  readonly callbackHealthEveryMs: number
  /** How many days back, today included, an account is judged by. */
  readonly callbackHealthDays: number
  /** The share of news, in per cent, that may have to be asked for before it is an alarm. */
  readonly callbackMissedPercentMax: number
  /** With less news than this an account is not judged: one lost callback of two is bad luck. */
  readonly callbackNewsMin: number
  /** How long after the news its callback may still come. Source: the bank's retry plan ends after 36 hours. */
  readonly callbackLateMsMax: number
}

export const callbackHealthDefaults: CallbackHealthSettings = {
  callbackHealthEveryMs: 10_000,
  callbackHealthDays: 7,
  callbackMissedPercentMax: 30,
  callbackNewsMin: 20,
  callbackLateMsMax: 36 * 3_600_000,
}

/** How one account's callbacks fare, over the last days. */
export interface CallbackHealth extends Omit<CallbackDay, "day"> {
  /** News asked for whose callback may still come. */
  readonly awaited: number
  /** News asked for whose callback did not come as long as it could. */
  readonly missed: number
  /** `missed` as a share of the news that is that old, from 0 to 1; 0 where there was none. */
  readonly missedRate: number
  /** Set when so much is missed that the bank may be sending its callbacks elsewhere. */
  readonly alarming: boolean
  readonly state: CallbackState
}

const dayMs = 86_400_000

export const dayOf = (at: Instant): number => Math.floor(at / dayMs)

/** The key of an account's day among others. */
const keyOf = (account: AccountName, day: number): string => `${account} ${day}`

/** Counts by account and day, as they are gathered before they are written. */
export class CallbackTally {
  private readonly tallied = new Map<string, CallbackDay>()

  get days(): ReadonlyArray<CallbackDay> {
    return [...this.tallied.values()]
  }

  /** Counts what an entry of the journal tells of its account's callbacks. */
  entry({ account, source, news, disposition, receivedAt }: CountedEntry): void {
    const day = dayOf(receivedAt)
    if (source === "callback") {
      const late = disposition === "repeated" || (disposition === "noted" && news.length === 0) ? 1 : 0
      this.add(account, day, { byCallback: news.length, late, lastCallbackAt: receivedAt })
    } else if (source === "poll" || source === "quote") {
      this.add(account, day, { byPoll: news.length })
    }
  }

  /** Counts callbacks that were refused since they were last counted. */
  refused(account: AccountName, at: Instant, counts: Pick<CallbackDay, "forged" | "unauthorized">): void {
    if (counts.forged > 0 || counts.unauthorized > 0) this.add(account, dayOf(at), counts)
  }

  private add(account: AccountName, day: number, more: Partial<Omit<CallbackDay, "account" | "day">>): void {
    const key = keyOf(account, day)
    this.tallied.set(key, sum(this.tallied.get(key) ?? quietDay(account, day), more))
  }
}

/** What a tally reads of an entry. */
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

/** The first day that an account is judged by. */
export const judgedFrom = (now: Instant, { callbackHealthDays }: CallbackHealthSettings): number =>
  dayOf(now) - callbackHealthDays + 1

/** News of some days, and how much of it no callback has told. */
interface Untold {
  readonly news: number
  readonly untold: number
}

const share = ({ news, untold }: Untold): number => (news === 0 ? 0 : untold / news)

/**
 * What no callback has told of each day's news. A late callback is of the oldest news that it can be of: nothing says which, and the
 * bank tries no longer than its plan.
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
 * An account's health over its days. News counts as missed when it had to be asked for and no callback came for it as long as one
 * could; until then it is awaited, which is a word of its own, because a bank that sends its callbacks elsewhere shows so first.
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
        : calmState(parts.due, parts.awaited, settings),
  }
}

function calmState(due: Untold, awaited: Untold, { callbackNewsMin }: CallbackHealthSettings): CallbackState {
  const news = due.news + awaited.news
  if (news === 0) return "quiet"
  if (due.untold > 0) return due.news < callbackNewsMin ? "unjudged" : "some-missed"
  return awaited.untold > 0 && news < callbackNewsMin ? "unjudged" : "fine"
}

/** One line for each day, the oldest first: what is not counted yet comes beside what is. */
function byDay(days: ReadonlyArray<CallbackDay>): ReadonlyArray<CallbackDay> {
  const found = new Map<number, CallbackDay>()
  for (const each of days)
    found.set(each.day, sum(found.get(each.day) ?? quietDay(each.account, each.day), each))
  return [...found.values()].toSorted((one, other) => one.day - other.day)
}

/** The command that looks into an account's callbacks. */
export const callbackHealthCommand = (account: AccountName): string =>
  `loan-engine callback health --account ${account}`

/** Tells an operator that an account's callbacks are late, while they may still come. */
export const callbacksLate = ({ account, awaited }: CallbackHealth): string =>
  `account ${account}: ${awaited} callbacks are late. If the bank's callback URL was overwritten, they will not come at all. Look ` +
  `with: ${callbackHealthCommand(account)}`

/** Tells an operator that an account's callbacks do not come. */
export const callbackAlarm = ({ account, missed, byCallback, byPoll }: CallbackHealth): string =>
  `account ${account}: ${missed} of ${byCallback + byPoll} news were brought by no callback, as long as one could come. The bank's callback URL may ` +
  `have been overwritten, or never been registered. Look with: ${callbackHealthCommand(account)}`
