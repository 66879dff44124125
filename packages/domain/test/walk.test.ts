import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import { remembering, walkMachine } from "@loan-engine/domain/walk"
import type { Walk } from "@loan-engine/domain/walk"
import { describe, expect, it } from "vitest"

const paidOut = (at: number) => joinEvents(noFacts, [{ type: "loan.paidOut", at }])

describe("a walk", () => {
  it("names every stage on the way, in order", () => {
    expect(walkMachine("submitted", paidOut(1))).toEqual(["approved", "signed", "paidOut"])
    expect(walkMachine("signed", paidOut(1))).toEqual(["paidOut"])
    expect(walkMachine("paidOut", paidOut(1))).toEqual([])
  })

  it("that is cached is computed once for each stage and situation", () => {
    const asked: Array<string> = []
    const counting: Walk = (from, facts) => {
      asked.push(from)
      return walkMachine(from, facts)
    }
    const walk = remembering(counting)
    expect(walk("submitted", paidOut(1))).toEqual(walkMachine("submitted", paidOut(1)))
    expect(walk("submitted", paidOut(2))).toEqual(walkMachine("submitted", paidOut(2)))
    expect(asked).toEqual(["submitted"])
    walk("signed", paidOut(1))
    walk("submitted", noFacts)
    expect(asked).toEqual(["submitted", "signed", "submitted"])
  })
})
