import type { Anchor } from "../journal/anchor.ts"
import type { SealedRow } from "../journal/checkpoint.ts"
import type { CheckpointRow } from "../ports/journal-store.ts"
import { failing } from "./check-table.ts"
import { checkpointChecks, sealedList } from "./checkpoint-checks.ts"
import type { CheckpointChecks, SealedList } from "./checkpoint-checks.ts"
import { finding } from "./finding.ts"
import type { Finding, FindingCode } from "./finding.ts"
import { makeMerkleStream } from "./merkle-stream.ts"

/**
 * Judges the feed. For each checkpoint it judges the checkpoint and then its rows, in order. At the end come the rows
 * that no checkpoint seals.
 */
export interface FeedJudge {
  /** Begins a checkpoint. The result is the position where its rows end. */
  readonly begin: (checkpoint: CheckpointRow) => number
  readonly row: (row: SealedRow) => ReadonlyArray<Finding>
  /** Ends the checkpoint. If none has begun, this ends the feed. */
  readonly end: () => ReadonlyArray<Finding>
}

export interface FeedChecks {
  readonly checkpoint: CheckpointChecks
  /** The findings that need the stored rows. Only those in this set are reported. */
  readonly rows: ReadonlySet<FindingCode>
}

export const feedChecks: FeedChecks = {
  checkpoint: checkpointChecks,
  rows: new Set<FindingCode>([
    "checkpoint-list",
    "checkpoint-root",
    "row-missing",
    "row-replaced",
    "row-unsealed",
    "feed-gap",
    "anchor-missing",
    "anchor-mismatch",
  ]),
}

/** One checkpoint while it is compared with the stored rows. */
interface Sealing {
  readonly checkpoint: CheckpointRow
  readonly list: SealedList | undefined
  readonly tree: ReturnType<typeof makeMerkleStream>
  /** How many rows of the list were compared so far. */
  met: number
  readonly differences: Array<Finding>
  /** Set if the previous checkpoint is missing. Then the rows before this list belong to the missing checkpoint. */
  readonly followsGap: boolean
}

export function judgeFeed(
  { anchors, isGapless }: { readonly anchors: ReadonlyArray<Anchor>; readonly isGapless: boolean },
  checks: FeedChecks = feedChecks,
): FeedJudge {
  let before: CheckpointRow | undefined
  let sealing: Sealing | undefined
  let lastPosition = 0
  const awaited = Map.groupBy(anchors, ({ number }) => number)
  const reported = (found: ReadonlyArray<Finding>): ReadonlyArray<Finding> =>
    found.filter(({ code }) => code in checks.checkpoint || checks.rows.has(code))

  return {
    begin: (checkpoint) => {
      const list = sealedList(checkpoint)
      const followsGap = checkpoint.number !== (before?.number ?? 0) + 1
      sealing = { checkpoint, list, tree: makeMerkleStream(), met: 0, differences: [], followsGap }
      return (list?.isSealed === true ? list.rows.at(-1)?.position : undefined) ?? checkpoint.position
    },
    row: (row) => {
      const gap = isGapless && sealing === undefined && row.position > lastPosition + 1
      const found = gap ? [gapBefore(row, lastPosition)] : []
      lastPosition = row.position
      if (sealing !== undefined) meet(sealing, row)
      return reported(found)
    },
    end: () => {
      if (sealing === undefined) return reported([...awaited.values()].flat().map(missingAnchor))
      const { checkpoint, list } = sealing
      const found = [
        ...failing(checks.checkpoint, (check) => check(checkpoint, before, list)).map(([code, message]) =>
          finding(code, { checkpoint: checkpoint.number }, message),
        ),
        ...anchorFindings(awaited, checkpoint),
        ...differencesOf(sealing),
      ]
      lastPosition = Math.max(lastPosition, checkpoint.position)
      before = checkpoint
      sealing = undefined
      return reported(found)
    },
  }
}

/** Compares the next stored row with the list. */
function meet(sealing: Sealing, row: SealedRow): void {
  const { list, tree, checkpoint, differences } = sealing
  tree.add(row)
  if (list === undefined) return
  for (let next = list.rows[sealing.met]; next !== undefined; next = list.rows[sealing.met]) {
    if (next.position > row.position) break
    sealing.met++
    if (next.position < row.position) {
      differences.push(missingRow(next, checkpoint))
      continue
    }
    if (!isSame(next, row)) differences.push(replacedRow(next, row, checkpoint))
    return
  }
  if (sealing.followsGap && sealing.met === 0) return
  differences.push(
    finding(
      "row-unsealed",
      { ...row, checkpoint: checkpoint.number },
      `it did not exist when checkpoint ${checkpoint.number} sealed the rows around it`,
    ),
  )
}

/**
 * The differences between the list and the stored rows. If the list itself was altered, that is the finding instead.
 */
function differencesOf({
  checkpoint,
  list,
  tree,
  met,
  differences,
  followsGap,
}: Sealing): ReadonlyArray<Finding> {
  const where = { checkpoint: checkpoint.number }
  if (list?.isSealed === true) {
    return [...differences, ...list.rows.slice(met).map((row) => missingRow(row, checkpoint))]
  }
  if (tree.root() === checkpoint.root) {
    return [
      finding("checkpoint-list", where, "its list of rows was altered; the rows are as they were sealed"),
    ]
  }
  const why = followsGap
    ? "; the checkpoint before it is missing, so it is not known which rows belong to which checkpoint"
    : ""
  return [
    finding(
      "checkpoint-root",
      where,
      `its root is neither the root of its list nor the root of the stored rows${why}`,
    ),
    ...differences,
    ...(list?.rows.slice(met) ?? []).map((row) => missingRow(row, checkpoint)),
  ]
}

const isSame = (one: SealedRow, other: SealedRow): boolean =>
  one.hash === other.hash &&
  one.version === other.version &&
  one.applicationReference === other.applicationReference

const missingRow = (row: SealedRow, { number }: CheckpointRow): Finding =>
  finding(
    "row-missing",
    { ...row, checkpoint: number },
    `checkpoint ${number} sealed it with the hash ${row.hash}`,
  )

const replacedRow = (sealed: SealedRow, row: SealedRow, { number }: CheckpointRow): Finding =>
  finding(
    "row-replaced",
    { ...sealed, checkpoint: number },
    isSame({ ...sealed, hash: row.hash }, row)
      ? `checkpoint ${number} sealed it with the hash ${sealed.hash}, but its hash is ${row.hash}`
      : `in its place is version ${row.version} of loan ${row.applicationReference}`,
  )

const gapBefore = ({ position }: SealedRow, last: number): Finding =>
  finding(
    "feed-gap",
    { position: last + 1 },
    position === last + 2
      ? "the row at this position is gone; no checkpoint had sealed it, so it cannot be named"
      : `the rows from this position to ${position - 1} are gone; no checkpoint had sealed them, so they cannot be named`,
  )

const missingAnchor = ({ number, hash }: Anchor): Finding =>
  finding(
    "anchor-missing",
    { checkpoint: number },
    `it has an anchor (hash ${hash}), but it is not in the store`,
  )

function anchorFindings(
  awaited: Map<number, ReadonlyArray<Anchor>>,
  { number, hash }: CheckpointRow,
): ReadonlyArray<Finding> {
  const kept = new Set(awaited.get(number)?.map((anchor) => anchor.hash))
  awaited.delete(number)
  kept.delete(hash)
  return [...kept].map((other) =>
    finding(
      "anchor-mismatch",
      { checkpoint: number },
      `its anchor has the hash ${other}, but its own hash is ${hash}`,
    ),
  )
}
