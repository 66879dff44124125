import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Facts } from "@loan-engine/domain/facts"
import { openLoan } from "@loan-engine/domain/loan"
import type { Loan, Observe } from "@loan-engine/domain/loan"
import { account, observedOf, reference } from "../properties/arbitraries.ts"
import type { Told } from "../properties/arbitraries.ts"
import type { Alphabet } from "./alphabets.ts"
import type { Counterexample } from "./exploration.ts"
import { factsKey } from "./abstraction.ts"

/** The results for every set of events from an alphabet. A set may contain an event more than once. */
export interface Permutations {
  readonly sets: number
  /** The number of all orders of these sets. Every order leads to the same facts and stage. */
  readonly orders: number
  readonly decisions: number
  readonly breaches: ReadonlyArray<Counterexample>
}

/** A set with repetitions, as ascending indexes into the alphabet. */
type Multiset = ReadonlyArray<number>

/**
 * Shows for every set of up to `sizeMax` events that its order does not matter. The proof is an induction on the
 * size.
 *
 * Every smaller set ends in one place in any order. The search adds each event of the set as the last one to the
 * place of the others. If all these ends are equal, every order of the whole set has the same end. So each set needs
 * only as many decisions as it has different events.
 */
export function permute({ events }: Alphabet, sizeMax: number, observe: Observe): Permutations {
  const count = { sets: 0, orders: 0, decisions: 0 }
  const breaches: Array<Counterexample> = []
  const add = (loan: Loan, event: Told): Loan => {
    count.decisions++
    return observe(loan, observedOf([event])).loan
  }
  let smaller = new Map<string, Loan>([["", openLoan(reference, account)]])
  let sets: ReadonlyArray<Multiset> = [[]]
  for (let size = 1; size <= sizeMax; size++) {
    const grown = new Map<string, Loan>()
    sets = sets.flatMap((set) => extensions(set, events.length))
    for (const set of sets) {
      count.sets++
      count.orders += orders(set)
      const [first, ...others] = endings(set, events, smaller, add)
      if (first === undefined) continue
      grown.set(String(set), first)
      if (others.every((loan) => isSame(loan, first))) continue
      breaches.push({
        property: "P2",
        what: "the order of these events matters",
        events: set.flatMap((index) => events[index] ?? []),
      })
      if (breaches.length >= breachesMax) return { ...count, breaches }
    }
    smaller = grown
  }
  return { ...count, breaches }
}

const breachesMax = 3

const extensions = (set: Multiset, alphabetSize: number): ReadonlyArray<Multiset> => {
  const least = set.at(-1) ?? 0
  return Array.from({ length: alphabetSize - least }, (_, index) => [...set, least + index])
}

/** The ends of a set, one for each of its events as the last. */
function endings(
  set: Multiset,
  events: ReadonlyArray<Told>,
  smaller: ReadonlyMap<string, Loan>,
  add: (loan: Loan, event: Told) => Loan,
): ReadonlyArray<Loan> {
  return set.flatMap((index, place) => {
    const event = events[index]
    const without = smaller.get(String(set.toSpliced(place, 1)))
    if (event === undefined || without === undefined || set[place - 1] === index) return []
    return [add(without, event)]
  })
}

/**
 * The number of different orders of a set: the factorial of its size, divided by the factorial of each repetition.
 */
function orders(set: Multiset): number {
  let product = 1
  let repeated = 0
  set.forEach((index, place) => {
    repeated = set[place - 1] === index ? repeated + 1 : 1
    product = (product * (place + 1)) / repeated
  })
  return product
}

const isSame = (a: Loan, b: Loan): boolean =>
  a.stage === b.stage && (a.facts === b.facts || factsText(a.facts) === factsText(b.facts))

function factsText(facts: Facts): string {
  const { offers, methods, documents, ruling, merchant } = facts
  const contents = [
    offers,
    methods,
    documents,
    ruling?.offer ?? null,
    ruling?.reason ?? null,
    merchant ?? null,
    facts.paidOutConfirmedAt ?? null,
    facts.payOutOverruledAt ?? null,
  ]
  return factsKey(facts) + contents.map((content) => canonicalJson(content)).join()
}
