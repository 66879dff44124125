/** What can be wrong with a journal, each kind with what it means. The same table stands in docs/journal.md. */
export const findingMeanings = {
  "hash-mismatch": "a row's hash is not the SHA-256 of its text: one of the two was altered",
  "not-canonical": "a row's text is not in the one form that canonical JSON has",
  undecodable: "a row's text is no journal entry",
  "column-mismatch": "a row's columns say another loan or version than its text",
  "digest-mismatch": "a row's raw bytes are not those its digest was taken of",
  "position-impossible": "a row has a position or version that the engine never gives",
  "repeats-impossible": "a row's count of re-deliveries contradicts itself",
  "erased-unrecorded": "a row's raw body is gone, and no redaction says so",
  "missing-version": "rows of a loan are missing between two others, or before its first",
  "forked-version": "two rows of a loan claim the same version",
  "broken-chain": "a row does not name the row before it by its hash",
  "out-of-order": "a row stands in the feed before the row that it follows",
  "illegal-step": "a row's steps do not follow on where the loan stood, or are not legal",
  "loan-without-journal": "a loan has a snapshot, but no row",
  "journal-without-loan": "a loan has rows, but no snapshot",
  "snapshot-undecodable": "a snapshot is no loan in its canonical form",
  "snapshot-columns": "a snapshot's columns say something else than its text",
  "snapshot-version":
    "a snapshot's version is not its last row's: rows are missing at the end, or the snapshot is old",
  "snapshot-head": "a snapshot's chain head is not its last row's hash",
  "schedule-lost": "a loan that is not at its end is never to be asked about again",
  "snapshot-stage": "a snapshot's stage is not where its rows' steps lead",
  "checkpoint-missing": "checkpoints are missing before another",
  "checkpoint-hash": "a checkpoint's hash is not that of its content",
  "checkpoint-chain": "a checkpoint does not name the one before it by its hash",
  "checkpoint-position":
    "a checkpoint does not end where the last row of its list stands, or before the one before it",
  "checkpoint-list":
    "a checkpoint's list of rows was altered; its root still holds over the rows as they are",
  "checkpoint-root": "a checkpoint's root is neither that of its list nor that of the rows as they are",
  "row-missing": "a row that was sealed is gone",
  "row-replaced": "another row stands where one was sealed",
  "row-unsealed": "a row stands among sealed ones that was not there when they were sealed",
  "loan-vanished": "a loan that was sealed has neither row nor snapshot any more",
  "feed-gap": "rows are missing that no checkpoint had sealed yet",
  "feed-disagrees": "the feed and the loans' journals hold different numbers of rows",
  "anchor-missing": "a checkpoint whose hash was kept elsewhere is not there",
  "anchor-mismatch": "a checkpoint has another hash than the one kept elsewhere",
  "place-impossible": "what follows the feed stands where no row is, or its place is gone",
  "counts-differ": "the counts of an account's callbacks on a day are not those of its rows",
  "store-damaged": "the database finds its own storage or schema damaged",
  "order-unreadable": "rows cannot be read in their order any further",
  "replay-decision": "deciding on a row again gives something else than the row says",
  "replay-snapshot": "the journal does not fold to the snapshot, byte for byte",
  "replay-undecodable": "a row cannot be decided on again, because its text is no journal entry",
} as const satisfies Readonly<Record<string, string>>

export type FindingCode = keyof typeof findingMeanings

/** One thing that is not as it was written, and where; the message says what, and holds nothing of any body. */
export interface Finding {
  readonly code: FindingCode
  readonly applicationReference: string | null
  readonly version: number | null
  readonly position: number | null
  readonly checkpoint: number | null
  readonly message: string
}

interface Where {
  readonly applicationReference?: string
  readonly version?: number
  readonly position?: number
  readonly checkpoint?: number
}

export const finding = (code: FindingCode, where: Where, message: string): Finding => ({
  code,
  applicationReference: where.applicationReference ?? null,
  version: where.version ?? null,
  position: where.position ?? null,
  checkpoint: where.checkpoint ?? null,
  message,
})
