import type { CheckpointRow, FeedEntry, FeedRow, SnapshotRow } from "../ports/journal-store.ts"
import { textOrNull } from "./rows.ts"

// Rows of either store for the audit. They are decoded without being trusted, because an altered row must become a
// finding.

type Row = Readonly<Record<string, unknown>>

const numberOrNull = (value: unknown): number | null => (value === null ? null : Number(value))

export const feedEntry = (row: Row): FeedEntry => ({
  position: Number(row["position"]),
  text: String(row["content"]),
  hash: String(row["hash"]),
})

export const feedRow = (row: Row): FeedRow => ({
  ...feedEntry(row),
  applicationReference: String(row["application_reference"]),
  version: Number(row["version"]),
  raw: row["raw"] instanceof Uint8Array ? row["raw"] : null,
  repeats: Number(row["repeats"]),
  lastRepeatedAt: numberOrNull(row["last_repeated_at"]),
})

export const snapshotRow = (row: Row): SnapshotRow => ({
  applicationReference: String(row["application_reference"]),
  account: String(row["account"]),
  version: Number(row["version"]),
  stage: String(row["stage"]),
  externalReference: textOrNull(row["external_reference"]),
  closed: Boolean(row["closed"]),
  snapshot: String(row["snapshot"]),
  chainHead: String(row["chain_head"]),
  nextPollAt: numberOrNull(row["next_poll_at"]),
  watermark: textOrNull(row["watermark"]),
})

export const checkpointRow = (row: Row): CheckpointRow => ({
  number: Number(row["number"]),
  position: Number(row["position"]),
  sealedAt: Number(row["sealed_at"]),
  root: String(row["root"]),
  previousHash: String(row["previous_hash"]),
  hash: String(row["hash"]),
  rows: String(row["rows"]),
})
