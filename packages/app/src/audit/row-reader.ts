import { Effect, Schema } from "effect"
import type { StoreUnavailable } from "../ports/loan-store.ts"

/**
 * The store returned a row that does not come after the one before. Some value is indexed differently from how it
 * reads.
 */
export class OrderUnreadable extends Schema.TaggedError<OrderUnreadable>()("OrderUnreadable", {
  message: Schema.String,
}) {}

/** Reads rows in order. One page is in memory. */
export interface RowReader<Row> {
  /** The next row. Repeated calls return the same row until it is taken. */
  readonly peek: Effect.Effect<Row | undefined, StoreUnavailable | OrderUnreadable>
  readonly take: () => void
}

/**
 * Reads the rows after a place, page by page. `compare` orders places as the store does. If a row does not come after
 * the one before, the reading fails, because otherwise it might never end.
 */
export function makeRowReader<Row, Place>(options: {
  readonly page: (after: Place) => Effect.Effect<ReadonlyArray<Row>, StoreUnavailable>
  readonly placeOf: (row: Row) => Place
  readonly compare: (one: Place, other: Place) => number
  readonly after: Place
}): RowReader<Row> {
  let { after } = options
  let page: ReadonlyArray<Row> = []
  let next = 0
  let ended = false
  const read = Effect.suspend(() => options.page(after)).pipe(
    Effect.flatMap((rows) => {
      for (const row of rows) {
        const place = options.placeOf(row)
        if (options.compare(place, after) <= 0) return Effect.fail(unreadable(after, place))
        after = place
      }
      page = rows
      next = 0
      ended = rows.length === 0
      return Effect.succeed(rows[0])
    }),
  )
  return {
    peek: Effect.suspend(() => (next < page.length || ended ? Effect.succeed(page[next]) : read)),
    take: () => void next++,
  }
}

const unreadable = (after: unknown, place: unknown): OrderUnreadable =>
  new OrderUnreadable({
    message: `after ${JSON.stringify(after)} the store gives ${JSON.stringify(place)}, which does not come after it`,
  })
