import type { CallbackDay } from "../callback-health/health.ts"
import { callbackCursor } from "../ports/journal-store.ts"
import type { FeedPlace } from "../ports/journal-store.ts"
import type { CheckTable } from "./check-table.ts"

/** What the engine stores besides the journal, and the same values computed from the journal. */
export interface Upkeep {
  readonly places: ReadonlyArray<FeedPlace>
  /** The position of the newest row. */
  readonly newest: number
  readonly counted: ReadonlyArray<CallbackDay>
  /** The same counts, computed from the rows up to the position that is counted. */
  readonly recounted: ReadonlyArray<CallbackDay>
}

export type UpkeepCheck = (upkeep: Upkeep) => ReadonlyArray<string> | undefined
export type UpkeepChecks = CheckTable<UpkeepCheck>

export const upkeepChecks: UpkeepChecks = {
  "place-impossible": ({ places, newest }) => [
    ...places
      .filter(({ position }) => position < 0 || position > newest)
      .map(
        ({ follower, position }) =>
          `${follower} is at position ${position}, but the newest row is at ${newest}`,
      ),
    ...(places.some(({ follower }) => follower === callbackCursor)
      ? []
      : [`${callbackCursor} has lost its position`]),
  ],

  "counts-differ": ({ counted, recounted }) => {
    const is = new Map(counted.map((day) => [keyOf(day), day]))
    const ought = new Map(recounted.map((day) => [keyOf(day), day]))
    return [...new Set([...is.keys(), ...ought.keys()])]
      .filter((key) => isOtherwise(is.get(key), ought.get(key)))
      .map((key) => `the counts for ${key} do not match the rows`)
  },
}

const keyOf = ({ account, day }: CallbackDay): string =>
  `${account} on ${new Date(day * 86_400_000).toISOString().slice(0, 10)}`

/** These members can be checked. Refused callbacks are not in the journal, so their counts cannot be. */
const members = ["byCallback", "byPoll", "late", "lastCallbackAt"] as const

const quiet = { byCallback: 0, byPoll: 0, late: 0, lastCallbackAt: null }

function isOtherwise(is: CallbackDay | undefined, ought: CallbackDay | undefined): boolean {
  return members.some((member) => (is ?? quiet)[member] !== (ought ?? quiet)[member])
}
