/** The kinds of findings in a journal, each with its meaning. docs/journal.md has the same table. */
export const findingMeanings = {
  "hash-mismatch": "a row's hash is not the SHA-256 of its content: someone altered one of the two",
  "not-canonical": "a row's content is not canonical JSON",
  undecodable: "a row's content is not a journal entry",
  "column-mismatch": "a row's columns and its content name different loans or versions",
  "digest-mismatch": "a row's raw bytes do not have its digest",
  "position-impossible": "a row has a position or version that the engine never assigns",
  "repeats-impossible": "a row's count of repeats and its time of the last repeat contradict each other",
  "erased-unrecorded": "a row's raw bytes are missing, and no redaction explains it",
  "missing-version": "rows of a loan are missing, between two others or before the first",
  "forked-version": "two rows of a loan have the same version",
  "broken-chain": "a row does not contain the hash of the loan's previous row",
  "out-of-order": "a row is earlier in the feed than the loan's previous row",
  "illegal-step": "a row's steps do not begin at the loan's stage, or a step is not legal",
  "loan-without-journal": "a loan has a snapshot, but no row",
  "journal-without-loan": "a loan has rows, but no snapshot",
  "snapshot-undecodable": "a snapshot is not a loan in canonical JSON",
  "snapshot-columns": "a snapshot's columns contradict its content",
  "snapshot-version":
    "a snapshot's version differs from its last row's version: either rows are missing at the end, or the snapshot is old",
  "snapshot-head": "a snapshot's chain head is not the hash of the loan's last row",
  "schedule-lost": "an unfinished loan will never be polled again",
  "snapshot-stage": "a snapshot's stage is not the stage to which its rows' steps lead",
  "checkpoint-missing": "checkpoints are missing before another checkpoint",
  "checkpoint-hash": "a checkpoint's hash is not the hash of its content",
  "checkpoint-chain": "a checkpoint does not contain the hash of the previous checkpoint",
  "checkpoint-position":
    "a checkpoint does not end at the last row of its list, or ends before the previous checkpoint does",
  "checkpoint-list":
    "someone altered a checkpoint's list of rows. The checkpoint's root still fits the stored rows",
  "checkpoint-root": "a checkpoint's root fits neither its list nor the stored rows",
  "row-missing": "a sealed row is missing",
  "row-replaced": "a different row has the place of a sealed row",
  "row-unsealed": "a row is among sealed rows, but did not exist when they were sealed",
  "loan-vanished": "a sealed loan has no row or no snapshot any more",
  "feed-gap": "rows are missing that no checkpoint had sealed yet",
  "feed-disagrees": "the feed and the loans' journals have different numbers of rows",
  "anchor-missing": "an anchor names a checkpoint that the store does not have",
  "anchor-mismatch": "a checkpoint's hash differs from the anchor's hash",
  "anchor-stamp": "an anchor's time stamp is not about this anchor, or its signature is not genuine",
  "place-impossible": "a follower of the feed is at a position without a row, or has no position any more",
  "counts-differ": "the count of an account's callbacks on a day does not match the rows",
  "store-damaged": "the database reports that its own storage or schema is damaged",
  "order-unreadable": "`verify` cannot read the remaining rows in order",
  "replay-decision": "a new decision on a row gives a different result",
  "replay-snapshot": "a replay of the journal does not give the snapshot, byte for byte",
  "replay-undecodable": "`replay` cannot decide a row again, because its content is not a journal entry",
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
