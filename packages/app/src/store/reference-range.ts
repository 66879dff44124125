import { applicationReferenceLengthMax } from "@loan-engine/domain/observation"

/** A text after every reference. `U+10FFFF` is the last character, and has two code units. */
const behindAll = "\u{10FFFF}".repeat(applicationReferenceLengthMax / 2 + 1)

/** The references of a page, in the order of their bytes: from the first text to before the second. */
interface ReferenceRange {
  readonly from: string
  readonly before: string
}

/**
 * The references that begin with a prefix and come after the last reference of the previous page (`""` for the first
 * page).
 */
export function referenceRange(prefix: string, after: string): ReferenceRange {
  // No reference contains a control character. So no other reference is between `after` and `after` with a control
  // character appended.
  const from = after === "" ? prefix : `${after}\u0001`
  return { from, before: behindPrefix(prefix) }
}

/** The first text after all texts that begin with a prefix. It is the prefix with its last character increased. */
function behindPrefix(prefix: string): string {
  const characters = Array.from(prefix)
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const point = last.codePointAt(0) ?? 0
    if (point === 0x10_ff_ff) continue
    return characters.join("") + String.fromCodePoint(point === 0xd7_ff ? 0xe0_00 : point + 1)
  }
  return behindAll
}
