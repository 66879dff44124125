import { Option, Schema } from "effect"
import type { Seal } from "./checkpoint.ts"

/**
 * A checkpoint's number and hash. An anchor is kept in a place that people who can change the store cannot change.
 */
export interface Anchor {
  readonly number: number
  readonly hash: string
}

/** An anchor as stored: the checkpoint, where it ends in the feed, and when it was sealed. */
export const KeptAnchor = Schema.Struct({
  number: Schema.Int.check(Schema.isGreaterThan(0)),
  hash: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/u)),
  position: Schema.Int,
  /** ISO 8601. */
  sealedAt: Schema.String,
  /** A time-stamp service's answer about this anchor (RFC 3161), in base64. */
  timeStamp: Schema.optionalKey(Schema.String),
})
export type KeptAnchor = typeof KeptAnchor.Type

export const anchorOf = ({ number, hash, position, sealedAt }: Seal): KeptAnchor => ({
  number,
  hash,
  position,
  sealedAt: new Date(sealedAt).toISOString(),
})

/** One anchor as a line of JSON. */
export const anchorLine = (anchor: KeptAnchor): string => `${JSON.stringify(anchor)}\n`

const decodeAnchor = Schema.decodeUnknownOption(Schema.fromJsonString(KeptAnchor))

/**
 * Reads the anchors in a text, one on each line. A line that is no anchor is ignored, such as an incomplete last
 * line. If an anchor is followed by the same one with a time stamp, only that one counts.
 */
export const anchorsIn = (text: string): ReadonlyArray<KeptAnchor> =>
  text
    .split("\n")
    .flatMap((line) => Option.toArray(decodeAnchor(line)))
    .filter(
      ({ number, hash }, index, all) => all[index + 1]?.number !== number || all[index + 1]?.hash !== hash,
    )
