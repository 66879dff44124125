import { hash } from "node:crypto"
import { leafHash, nodeHash } from "../journal/checkpoint.ts"
import type { SealedRow } from "../journal/checkpoint.ts"

/**
 * Computes the Merkle root of rows that are added one at a time. It needs memory for one hash for each power of two
 * in the number of rows.
 */
export function makeMerkleStream() {
  const subtrees: Array<{ readonly size: number; readonly hash: Buffer }> = []
  return {
    add: (row: SealedRow): void => {
      let subtree = { size: 1, hash: leafHash(row) }
      for (let left = subtrees.at(-1); left?.size === subtree.size; left = subtrees.at(-1)) {
        subtrees.pop()
        subtree = { size: 2 * left.size, hash: nodeHash(left.hash, subtree.hash) }
      }
      subtrees.push(subtree)
    },
    root: (): string => {
      const last = subtrees.at(-1)
      if (last === undefined) return hash("sha256", "")
      const root = subtrees.slice(0, -1).reduceRight((right, left) => nodeHash(left.hash, right), last.hash)
      return root.toString("hex")
    },
  }
}
