import { observe } from "@loan-engine/domain/loan"
import { stages } from "@loan-engine/domain/legal-transitions"
import { walkMachine } from "@loan-engine/domain/walk"
import { beforeAll, describe, expect, it } from "vitest"
import { isThorough } from "../properties/settings.ts"
import { anywhere, inOrder, oncePerOrder } from "./abstraction.ts"
import { alphabets } from "./alphabets.ts"
import type { Exploration } from "./exploration.ts"
import { explore } from "./exploration.ts"
import { permute } from "./permutations.ts"

/**
 * The largest size of a set. Its events come in all orders. A compliance run uses sets of six and all places of
 * verdicts. The daily run uses sets of five and verdicts in one order.
 */
const setSizeMax = isThorough ? 6 : 5
const verdictPlaces = isThorough ? anywhere : inOrder
const leastSets = isThorough ? 100_000 : 10_000
const least = isThorough ? { snapshots: 5_000, events: 500_000 } : { snapshots: 1_000, events: 50_000 }

describe("every reachable snapshot, every event", () => {
  let exploration: Exploration
  beforeAll(() => {
    exploration = explore({
      observe,
      verdictPlaces,
      authority: isThorough ? walkMachine : oncePerOrder(walkMachine),
    })
  })

  it("takes only legal steps, those of the machine; gives one right disposition; undoes nothing; takes every legal step", ({
    task,
  }) => {
    const { edges, ...totals } = exploration
    task.meta.exploration = { ...totals, edges: Object.fromEntries(edges) }
    task.meta.proofs = [
      ...(["P1", "P2", "P3", "P4"] as const).map((property) => ({
        property,
        means: "exhaustive" as const,
        cases: exploration.events,
      })),
      { property: "P8", means: "exhaustive", cases: stages.length ** 2 },
    ]
    expect(exploration.breaches).toEqual([])
    expect(exploration.illegalReached).toBe(0)
  })

  it("visits many snapshots", () => {
    expect(exploration.snapshots).toBeGreaterThan(least.snapshots)
    expect(exploration.events).toBeGreaterThan(least.events)
  })
})

describe(`every order of every set of up to ${setSizeMax} events`, () => {
  it.for(alphabets)("P2 leads to the same facts and stage: $name", (alphabet, { task }) => {
    const { breaches, orders, ...rest } = permute(alphabet, setSizeMax, observe)
    task.meta.proofs = [{ property: "P2", means: "exhaustive", cases: orders }]
    expect(breaches).toEqual([])
    expect(rest.sets).toBeGreaterThan(leastSets)
  })
})
