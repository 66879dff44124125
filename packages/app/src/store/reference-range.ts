import { applicationReferenceLengthMax } from "@loan-engine/domain/observation"

/** Above every reference: `U+10FFFF` is the last character there is, and it has two code units. */
const behindAll = "\u{10FFFF}".repeat(applicationReferenceLengthMax / 2 + 1)

/** The references that a page may hold, in the order of their bytes: from the first to before the second. */
interface ReferenceRange {
  readonly from: string
  readonly before: string
}

/** The references that begin with a prefix, behind the one that a page before ended with (`""`: none did). */
export function referenceRange(prefix: string, after: string): ReferenceRange {
  // No reference holds a control character, so that none stands between a reference and itself with one behind.
  const from = after === "" ? prefix : `${after}\u0001`
  return { from, before: behindPrefix(prefix) }
}

/** The first text behind all that begin with a prefix: its last character made the next one. */
function behindPrefix(prefix: string): string {
  const characters = Array.from(prefix)
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const point = last.codePointAt(0) ?? 0
    if (point === 0x10_ff_ff) continue
    return characters.join("") + String.fromCodePoint(point === 0xd7_ff ? 0xe0_00 : point + 1)
  }
  return behindAll
}
