import type { CallbackDay } from "../callback-health/health.ts"
import { callbackCursor } from "../ports/journal-store.ts"
import type { FeedPlace } from "../ports/journal-store.ts"
import type { CheckTable } from "./check-table.ts"

/** What the engine keeps beside the journal, and what its rows say of the same. */
export interface Upkeep {
  readonly places: ReadonlyArray<FeedPlace>
  /** The position of the newest row. */
  readonly newest: number
  readonly counted: ReadonlyArray<CallbackDay>
  /** The same, counted again from the rows up to where the counting has come. */
  readonly recounted: ReadonlyArray<CallbackDay>
}

export type UpkeepCheck = (upkeep: Upkeep) => ReadonlyArray<string> | undefined
export type UpkeepChecks = CheckTable<UpkeepCheck>

export const upkeepChecks: UpkeepChecks = {
  "place-impossible": ({ places, newest }) => [
    ...places
      .filter(({ position }) => position < 0 || position > newest)
      .map(
        ({ follower, position }) => `${follower} stands at position ${position}, the newest row at ${newest}`,
      ),
    ...(places.some(({ follower }) => follower === callbackCursor)
      ? []
      : [`${callbackCursor} has no place any more`]),
  ],

  "counts-differ": ({ counted, recounted }) => {
    const is = new Map(counted.map((day) => [keyOf(day), day]))
    const ought = new Map(recounted.map((day) => [keyOf(day), day]))
    return [...new Set([...is.keys(), ...ought.keys()])]
      .filter((key) => isOtherwise(is.get(key), ought.get(key)))
      .map((key) => `what is counted for ${key} is not what the rows say`)
  },
}

const keyOf = ({ account, day }: CallbackDay): string =>
  `${account} on ${new Date(day * 86_400_000).toISOString().slice(0, 10)}`

/** What was refused is no row, so nothing says how much of it there was. */
const members = ["byCallback", "byPoll", "late", "lastCallbackAt"] as const

const quiet = { byCallback: 0, byPoll: 0, late: 0, lastCallbackAt: null }

function isOtherwise(is: CallbackDay | undefined, ought: CallbackDay | undefined): boolean {
  return members.some((member) => (is ?? quiet)[member] !== (ought ?? quiet)[member])
}
