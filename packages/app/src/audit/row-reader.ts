import { Effect, Schema } from "effect"
import type { StoreUnavailable } from "../ports/loan-store.ts"

/** The store gives rows that do not come behind those it has given: something in them does not sort as it reads. */
export class OrderUnreadable extends Schema.TaggedError<OrderUnreadable>()("OrderUnreadable", {
  message: Schema.String,
}) {}

/** Rows in their order, a page in memory at a time. */
export interface RowReader<Row> {
  /** The next row, which stays the next one until it is taken. */
  readonly peek: Effect.Effect<Row | undefined, StoreUnavailable | OrderUnreadable>
  readonly take: () => void
}

/**
 * Reads the rows behind a place, page after page. `compare` orders places as the store does; a page that does not come
 * behind the one before it ends the reading, because it might never end otherwise.
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
    message: `behind ${JSON.stringify(after)} the store gives ${JSON.stringify(place)}, which does not come behind it`,
  })
