import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Facts } from "@loan-engine/domain/facts"
import { openLoan } from "@loan-engine/domain/loan"
import type { Loan, Observe } from "@loan-engine/domain/loan"
import { account, observedOf, reference } from "../properties/arbitraries.ts"
import type { Told } from "../properties/arbitraries.ts"
import type { Alphabet } from "./alphabets.ts"
import type { Counterexample } from "./exploration.ts"
import { factsKey } from "./abstraction.ts"

/** What was shown for every set of events, repetitions included, of an alphabet. */
export interface Permutations {
  readonly sets: number
  /** How many orders those sets can come in: each leads to the same facts and stage. */
  readonly orders: number
  readonly decisions: number
  readonly breaches: ReadonlyArray<Counterexample>
}

/** A set of events with repetitions, as their places in the alphabet, ascending. */
type Multiset = ReadonlyArray<number>

/**
 * Shows that a set's order cannot matter, for every set of up to `sizeMax` events. By induction on the size: if each
 * smaller set ends in one place in any order, and adding the last event to each of those places ends in one place,
 * then every order of the whole does. So each set takes as many decisions as it has different events, not as many as it
 * has orders.
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

/** Where the set ends with each of its events as the last. */
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

/** How many different orders a set has: its size's factorial, divided by that of each repetition. */
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
