/** The kinds of findings in a journal, each with its meaning. docs/journal.md has the same table. */
export const findingMeanings = {
  "hash-mismatch": "a row's hash is not the SHA-256 of its text: one of the two was altered",
  "not-canonical": "a row's text is not canonical JSON",
  undecodable: "a row's text is not a journal entry",
  "column-mismatch": "a row's columns and its text name different loans or versions",
  "digest-mismatch": "a row's raw bytes do not have its digest",
  "position-impossible": "a row has a position or version that the engine never gives",
  "repeats-impossible": "a row's count of redeliveries contradicts itself",
  "erased-unrecorded": "a row's raw body is missing, and no redaction explains that",
  "missing-version": "rows of a loan are missing between two others, or before its first",
  "forked-version": "two rows of a loan claim the same version",
  "broken-chain": "a row does not name the previous row by its hash",
  "out-of-order": "a row is in the feed before the row that it follows",
  "illegal-step": "a row's steps do not begin at the loan's stage, or are not legal",
  "loan-without-journal": "a loan has a snapshot, but no row",
  "journal-without-loan": "a loan has rows, but no snapshot",
  "snapshot-undecodable": "a snapshot is not a loan in canonical form",
  "snapshot-columns": "a snapshot's columns contradict its text",
  "snapshot-version":
    "a snapshot's version differs from its last row's version: rows are missing at the end, or the snapshot is old",
  "snapshot-head": "a snapshot's chain head is not its last row's hash",
  "schedule-lost": "an unfinished loan will never be polled again",
  "snapshot-stage": "a snapshot's stage is not the stage to which its rows' steps lead",
  "checkpoint-missing": "one or more checkpoints before another checkpoint are missing",
  "checkpoint-hash": "a checkpoint's hash is not that of its content",
  "checkpoint-chain": "a checkpoint does not name the previous one by its hash",
  "checkpoint-position":
    "a checkpoint does not end at the last row of its list, or does not end after the previous checkpoint",
  "checkpoint-list": "a checkpoint's list of rows was altered; its root is still right for the stored rows",
  "checkpoint-root": "a checkpoint's root is neither that of its list nor that of the stored rows",
  "row-missing": "a sealed row is missing",
  "row-replaced": "another row is in the place of a sealed row",
  "row-unsealed": "a row is among sealed rows, but did not exist when they were sealed",
  "loan-vanished": "a sealed loan no longer has a row or a snapshot",
  "feed-gap": "rows are missing that no checkpoint had sealed",
  "feed-disagrees": "the feed and the loans' journals have different numbers of rows",
  "anchor-missing": "a checkpoint is missing, but its anchor exists",
  "anchor-mismatch": "a checkpoint's hash differs from its anchor's hash",
  "place-impossible": "a follower of the feed is at a position without a row, or has lost its position",
  "counts-differ": "the counts of an account's callbacks on a day do not match its rows",
  "store-damaged": "the database finds its own storage or schema damaged",
  "order-unreadable": "the remaining rows cannot be read in order",
  "replay-decision": "a row gives a different result when it is decided again",
  "replay-snapshot": "a replay of the journal does not give the snapshot, byte for byte",
  "replay-undecodable": "a row cannot be decided again, because its text is not a journal entry",
} as const satisfies Readonly<Record<string, string>>

export type FindingCode = keyof typeof findingMeanings

/** One alteration or fault, and where it is. The message says what is wrong. It contains nothing from a raw body. */
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
