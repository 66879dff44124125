/**
 * A place in the feed: the position of a row, and the beginning of that row's hash (`mark`). The hash covers the
 * whole history of the row's loan. So the mark shows whether the row is the same as when the cursor was made. It
 * differs in another store, and after a backup was restored. Older readers stored only the position; their cursors
 * have no mark.
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
