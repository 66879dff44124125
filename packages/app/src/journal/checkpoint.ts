import { hash } from "node:crypto"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Option, Schema } from "effect"
import type { Instant } from "@loan-engine/domain/instant"

/** One journal row as a checkpoint seals it. `hash` is the row's hash. */
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

/** The text in which a checkpoint's rows are stored. */
export const sealedRowsText = (rows: ReadonlyArray<SealedRow>): string =>
  canonicalJson(rows.map((row) => ({ ...row })))

/** Reads a checkpoint's rows from their text. `undefined` if the text is no such list. */
export const sealedRowsIn = (text: string): ReadonlyArray<SealedRow> | undefined =>
  Option.getOrUndefined(decodeRows(text))

/**
 * A checkpoint without its rows: a seal on the feed. It has the Merkle root over every row after the previous
 * checkpoint, up to its own position. It also has the hash of the previous checkpoint. So nobody can remove or
 * replace a sealed row unnoticed, not even a whole loan with its snapshot.
 */
export interface Seal {
  readonly number: number
  /** The position of the last sealed row. */
  readonly position: number
  readonly sealedAt: Instant
  readonly root: string
  /** The hash of the previous checkpoint. Empty for the first. */
  readonly previousHash: string
  readonly hash: string
}

/** A seal with the sealed rows. With the root alone, an audit would see that something is wrong, but not where. */
export interface Checkpoint extends Seal {
  readonly rows: ReadonlyArray<SealedRow>
}

/** Seals these rows, which follow the previous checkpoint in the feed. The list must not be empty. */
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

/** The hash of a checkpoint. The next checkpoint contains it. It covers the rows through their root. */
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
 * differently, so that one cannot be presented as the other. If the rows cannot be split evenly, the left half is
 * larger.
 */
export const merkleRoot = (rows: ReadonlyArray<SealedRow>): string =>
  treeHash(rows.map(leafHash)).toString("hex")

/** The reference is last because it may contain a space; the other parts cannot. */
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
