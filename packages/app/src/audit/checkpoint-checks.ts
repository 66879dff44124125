import { checkpointHash, merkleRoot, sealedRowsIn, sealedRowsText } from "../journal/checkpoint.ts"
import type { SealedRow } from "../journal/checkpoint.ts"
import type { CheckpointRow } from "../ports/journal-store.ts"
import type { CheckTable } from "./check-table.ts"

/** Checks one checkpoint and the one before it. These checks do not need the stored rows. */
export type CheckpointCheck = (
  checkpoint: CheckpointRow,
  before: CheckpointRow | undefined,
  list: SealedList | undefined,
) => string | undefined
export type CheckpointChecks = CheckTable<CheckpointCheck>

/** A checkpoint's list of rows. `isSealed` says whether the checkpoint's root is the root of this list. */
export interface SealedList {
  readonly rows: ReadonlyArray<SealedRow>
  readonly isSealed: boolean
}

export const checkpointChecks: CheckpointChecks = {
  "checkpoint-missing": ({ number }, before) => {
    const expected = (before?.number ?? 0) + 1
    if (number === expected) return undefined
    return `before it, checkpoint ${expected}${number > expected + 1 ? ` and those up to ${number - 1}` : ""} is missing`
  },

  "checkpoint-hash": (checkpoint) =>
    checkpointHash(checkpoint) === checkpoint.hash
      ? undefined
      : `its content has the hash ${checkpointHash(checkpoint)}, but the stored hash is ${checkpoint.hash}`,

  "checkpoint-chain": ({ number, previousHash }, before) =>
    number !== (before?.number ?? 0) + 1 || previousHash === (before?.hash ?? "")
      ? undefined
      : `it names ${previousHash || "nothing"} as the previous one, but that is ${before?.hash ?? "nothing"}`,

  "checkpoint-position": ({ position }, before, list) => {
    if (position <= (before?.position ?? 0)) return "it does not end after the previous checkpoint"
    const last = list?.isSealed === true ? list.rows.at(-1)?.position : position
    return last === position ? undefined : `it ends at position ${position}, its list at ${last ?? "none"}`
  },
}

/**
 * Reads a checkpoint's list. It must be in canonical form, and its positions must ascend. Otherwise the result is
 * `undefined`.
 */
export function sealedList({ rows: text, root }: CheckpointRow): SealedList | undefined {
  const rows = sealedRowsIn(text)
  if (rows === undefined || sealedRowsText(rows) !== text) return undefined
  const ascends = rows.every(({ position }, index) => position > (rows[index - 1]?.position ?? 0))
  return ascends ? { rows, isSealed: merkleRoot(rows) === root } : undefined
}
