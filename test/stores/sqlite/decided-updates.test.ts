import { neverPolled } from "@loan-engine/app/schedule/poll-cadence"
import type { Change, StoredLoan } from "@loan-engine/app/ports/loan-store"
import { digestOf, journalEntry } from "@loan-engine/app/journal/entry"
import { decideInOrder } from "@loan-engine/app/store/decided-updates"
import { observe, openLoan } from "@loan-engine/domain/loan"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { describe, expect, it } from "vitest"

const applicationReference = ApplicationReference.make("A")
const account = AccountName.make("se")
const raw = new TextEncoder().encode("registration")

/** A registration. It makes no change if the loan is already registered. */
function register(stored: StoredLoan | undefined): Change | undefined {
  if (stored?.loan.registered === true) return undefined
  const observation = {
    applicationReference,
    account,
    source: "submission" as const,
    evidence: "merchant" as const,
    receivedAt: 1,
    events: [],
  }
  const decision = observe(stored?.loan ?? openLoan(applicationReference, account), observation)
  const entry = journalEntry(observation, decision, { raw, digest: digestOf(raw) }, 1, "")
  return { entry, loan: decision.loan, schedule: neverPolled, addsNothing: false }
}
const update = { reference: applicationReference, decide: register }

describe("an update that is declined", () => {
  it("because of another update in its batch waits until that update is written, which may fail", () => {
    const states = decideInOrder([update, update, update], () => undefined).map(({ state }) => state)
    expect(states).toEqual(["decided", "again", "again"])
  })

  it("because of a stored row is declined at once", () => {
    const change = register(undefined)
    if (change === undefined) throw new Error("a first registration is a change")
    const stored = { loan: change.loan, chainHead: change.entry.hash, schedule: change.schedule }
    expect(decideInOrder([update], () => stored)).toEqual([{ state: "declined", stored }])
  })
})
