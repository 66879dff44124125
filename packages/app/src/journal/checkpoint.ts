import { hash } from "node:crypto"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Instant } from "@loan-engine/domain/instant"

/** One journal row as a checkpoint seals it: its place in the feed, whose it is, and its hash. */
export interface SealedRow {
  readonly position: number
  readonly applicationReference: string
  readonly version: number
  readonly hash: string
}

/**
 * A seal on the feed: the Merkle root over every row after the checkpoint before it, up to its own position. Each names the
 * one before by its hash, so that no sealed row can vanish or be exchanged unseen, not even a whole loan with its snapshot.
 */
export interface Seal {
  readonly number: number
  /** The last row it seals. */
  readonly position: number
  readonly sealedAt: Instant
  readonly root: string
  /** The hash of the checkpoint before; empty for the first. */
  readonly previousHash: string
  readonly hash: string
}

/** A seal with the list of what it sealed: the root alone would say that something is wrong, but not what. */
export interface Checkpoint extends Seal {
  readonly rows: ReadonlyArray<SealedRow>
}

/** The checkpoint over these rows, which follow the one before it in the feed; there is at least one. */
export function sealRows(
  before: Seal | undefined,
  rows: ReadonlyArray<SealedRow>,
  sealedAt: Instant,
): Checkpoint {
  const content = {
    number: (before?.number ?? 0) + 1,
    position: rows.at(-1)?.position ?? before?.position ?? 0,
    sealedAt,
    root: merkleRoot(rows),
    previousHash: before?.hash ?? "",
  }
  return { ...content, rows, hash: checkpointHash(content) }
}

/** What names a checkpoint in the one after it; the rows are covered by their root. */
export const checkpointHash = ({
  number,
  position,
  sealedAt,
  root,
  previousHash,
}: Omit<Seal, "hash">): string =>
  hash("sha256", canonicalJson({ number, position, sealedAt, root, previousHash }))

/**
 * The Merkle tree hash of RFC 9162, section 2.1.1, over the rows in their order: a leaf and a node hash differently, so
 * that neither passes for the other, and the larger half of an uneven split stands on the left.
 */
export const merkleRoot = (rows: ReadonlyArray<SealedRow>): string =>
  treeHash(rows.map(leafHash)).toString("hex")

/** The reference comes last, because it is the only part that may hold a space. */
export const leafHash = ({ position, version, hash: rowHash, applicationReference }: SealedRow): Buffer =>
  hash("sha256", `\0${position} ${version} ${rowHash} ${applicationReference}`, "buffer")

function treeHash(leaves: ReadonlyArray<Buffer>): Buffer {
  const [first] = leaves
  if (first === undefined) return hash("sha256", "", "buffer")
  if (leaves.length === 1) return first
  const left = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return nodeHash(treeHash(leaves.slice(0, left)), treeHash(leaves.slice(left)))
}

export const nodeHash = (left: Buffer, right: Buffer): Buffer =>
  hash("sha256", Buffer.concat([nodeMark, left, right]), "buffer")

const nodeMark = Buffer.of(1)
