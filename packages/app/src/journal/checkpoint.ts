import { hash } from "node:crypto"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Option, Schema } from "effect"
import type { Instant } from "@loan-engine/domain/instant"

/** One journal row as a checkpoint seals it: its position in the feed, its loan, and its hash. */
const SealedRow = Schema.Struct({
  position: Schema.Int,
  applicationReference: Schema.String,
  version: Schema.Int,
  hash: Schema.String,
})
export type SealedRow = typeof SealedRow.Type

const decodeRows = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Array(SealedRow)), {
  onExcessProperty: "error",
})

/** A checkpoint's list of rows as it is stored. */
export const sealedRowsText = (rows: ReadonlyArray<SealedRow>): string =>
  canonicalJson(rows.map((row) => ({ ...row })))

/** The list in a text. `undefined` if the text is not one. */
export const sealedRowsIn = (text: string): ReadonlyArray<SealedRow> | undefined =>
  Option.getOrUndefined(decodeRows(text))

/**
 * A seal on the feed: the Merkle root over every row after the previous checkpoint, up to its own position. Each
 * checkpoint names the previous one by its hash. So nobody can remove or replace a sealed row unnoticed, not even a
 * whole loan with its snapshot.
 */
export interface Seal {
  readonly number: number
  /** The last row it seals. */
  readonly position: number
  readonly sealedAt: Instant
  readonly root: string
  /** The hash of the previous checkpoint. Empty for the first. */
  readonly previousHash: string
  readonly hash: string
}

/** A seal with the list of the sealed rows. The root alone would show that something is wrong, but not what. */
export interface Checkpoint extends Seal {
  readonly rows: ReadonlyArray<SealedRow>
}

/** The checkpoint over these rows, which follow the previous checkpoint in the feed. There is at least one row. */
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

/** The hash by which the next checkpoint names this one. The root covers the rows. */
export const checkpointHash = ({
  number,
  position,
  sealedAt,
  root,
  previousHash,
}: Omit<Seal, "hash">): string =>
  hash("sha256", canonicalJson({ number, position, sealedAt, root, previousHash }))

/**
 * The Merkle tree hash of RFC 9162, section 2.1.1, over the rows in their order. Leaves and nodes are hashed
 * differently, so that neither can pass for the other. In an uneven split, the larger half is on the left.
 */
export const merkleRoot = (rows: ReadonlyArray<SealedRow>): string =>
  treeHash(rows.map(leafHash)).toString("hex")

/** The reference comes last, because only it may contain a space. */
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
