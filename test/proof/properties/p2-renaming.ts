import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Loan } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import fc from "fast-check"
import { expect } from "vitest"
import { observations } from "./arbitraries.ts"
import { fold } from "./fold.ts"
import type { Law } from "./law.ts"

/**
 * Shows why a finite number of cases is enough. The lifecycle compares instants only by their order, and contents
 * (offers, documents, methods, names) only by their text. So other instants in the same order, and other contents in
 * the same order of their texts, must give the same result under other names. Each case of the exhaustive search
 * therefore stands for all its renamings. A lifecycle that reads more of a value, such as an amount or the distance
 * of two instants, breaks this law.
 */
interface Renaming {
  readonly instant: (at: number) => number
  readonly content: (text: string) => string
}

/**
 * The instants of the arbitraries. Also 100, the receipt time of their observations, and 0, which stands for no
 * instant.
 */
const instants = [0, 1, 2, 3, 4, 5, 6, 7, 8, 100]

/**
 * All contents that the arbitraries use, in the order of their texts. No other value of an observation equals one of
 * them.
 */
const contents = [
  "0",
  "599.99",
  "1000",
  "10000",
  "ID",
  "PAYMENT_SLIP",
  "E_SIGN",
  "ANALOG",
  "Ada",
  "Lin",
  "checked with the bank",
  "the customer withdrew",
  "by phone",
].toSorted((a, b) => (a < b ? -1 : 1))

/** The new texts have equal lengths. So they keep their order inside longer texts too. */
const renamings: fc.Arbitrary<Renaming> = fc
  .record({
    gaps: fc.array(fc.integer({ min: 1, max: 1_000_000 }), {
      minLength: instants.length,
      maxLength: instants.length,
    }),
    names: fc.uniqueArray(fc.integer({ min: 10_000, max: 99_999 }), {
      minLength: contents.length,
      maxLength: contents.length,
    }),
  })
  .map(({ gaps, names }) => {
    let at = 0
    const times = new Map(instants.map((instant, index) => [instant, (at += gaps[index] ?? 1)]))
    const sorted = names.toSorted((a, b) => a - b)
    const texts = new Map(contents.map((text, index) => [text, String(sorted[index])]))
    return {
      instant: (instant) => times.get(instant) ?? instant,
      content: (text) => texts.get(text) ?? text,
    }
  })

const isInstant = (name: string): boolean => name === "at" || name === "since" || name.endsWith("At")

/** Renames the instants and contents in a value. Member names and all other values stay. */
function renamed(value: unknown, renaming: Renaming, name = ""): unknown {
  if (typeof value === "number") return isInstant(name) ? renaming.instant(value) : value
  if (typeof value === "string") return renaming.content(value)
  if (Array.isArray(value)) return value.map((each) => renamed(each, renaming))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, renamed(member, renaming, key)]),
  )
}

// What a renaming gives is of the shape that it was given.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const renamedTrace = (trace: ReadonlyArray<Observation>, renaming: Renaming) =>
  renamed(trace, renaming) as ReadonlyArray<Observation>

const text = (loan: Loan, outcomes: ReadonlyArray<string>, renaming?: Renaming): string => {
  const shown = JSON.parse(canonicalJson({ ...loan }))
  return JSON.stringify([renaming === undefined ? shown : renamed(shown, renaming), outcomes])
}

export const p2Renaming: ReadonlyArray<Law> = [
  {
    property: "P2",
    title:
      "other instants in the same order, and other contents in the same order, give the same result under other names. So each checked case stands for all its renamings",
    holdsFor: (observe) =>
      fc.property(observations, renamings, (trace, renaming) => {
        const lived = (heard: ReadonlyArray<Observation>, named?: Renaming): string => {
          const outcomes: Array<string> = []
          const loan = fold(observe, heard, (_before, _observation, { disposition, hold, steps, closure }) =>
            outcomes.push(JSON.stringify([disposition, hold, steps, closure])),
          )
          return text(loan, outcomes, named)
        }
        expect(lived(renamedTrace(trace, renaming))).toBe(lived(trace, renaming))
      }),
  },
]
