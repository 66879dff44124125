/**
 * A place in the feed: the position of a row, and the beginning of that row's hash. A hash covers the whole history of
 * its loan. So the mark distinguishes a row of this feed from one at the same position in another store, or in this
 * store before a backup was restored. Without a mark it is a bare position, as earlier readers stored it.
 */
export interface FeedCursor {
  readonly position: number
  readonly mark: string | undefined
}

/** The place before the first row of any store. */
export const feedBeginning: FeedCursor = { position: 0, mark: undefined }

const markDigits = 16
/** A cursor as text. */
export const cursorPattern = /^(0|[1-9][0-9]{0,14})(?:-([0-9a-f]{16}))?$/u

/** The cursor of a row. */
export const cursorOf = ({
  position,
  hash,
}: {
  readonly position: number
  readonly hash: string
}): FeedCursor => ({
  position,
  mark: hash.slice(0, markDigits),
})

export const cursorText = ({ position, mark }: FeedCursor): string =>
  mark === undefined ? `${position}` : `${position}-${mark}`

/** Reads a cursor. `undefined` if the text is not a cursor. */
export function readFeedCursor(text: string): FeedCursor | undefined {
  const [, position, mark] = cursorPattern.exec(text) ?? []
  return position === undefined ? undefined : { position: Number(position), mark }
}
