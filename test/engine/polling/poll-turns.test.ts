import type { PollLine } from "@loan-engine/app/ports/loan-store"
import {
  makePollOrder,
  pollConfirmsAheadMax,
  pollConfirmsPerRoutineMax,
} from "@loan-engine/app/polling/poll-order"
import { AccountName } from "@loan-engine/domain/observation"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const accounts = ["dk", "fi", "no", "se"].map((name) => AccountName.make(name))
const lines: ReadonlyArray<PollLine> = accounts.flatMap((account) => [
  { account, confirm: true },
  { account, confirm: false },
])
const [patient = { account: AccountName.make("dk"), confirm: true }] = lines
const patientRoutine: PollLine = { ...patient, confirm: false }

/** The other lines that wait at each turn. A poll of the patient line waits at every turn. */
const others = fc.array(fc.subarray([...lines]), { minLength: 100, maxLength: 400 })

/** Serves one poll in each turn, and counts how often each line is served. */
function serve(turns: ReadonlyArray<ReadonlyArray<PollLine>>, always: ReadonlyArray<PollLine>) {
  const order = makePollOrder()
  const served = new Map<string, number>()
  for (const waiting of turns) {
    const line = order.next([...new Set([...always, ...waiting])])
    const name = line === undefined ? "nobody" : `${line.account} ${line.confirm}`
    served.set(name, (served.get(name) ?? 0) + 1)
  }
  return ({ account, confirm }: PollLine): number => served.get(`${account} ${confirm}`) ?? 0
}

describe("with any other polls that wait, at any time", () => {
  it("an account whose polls always wait has its fair share of the turns, except for the allowed lead of others", () => {
    fc.assert(
      fc.property(others, (turns) => {
        const served = serve(turns, [patientRoutine])
        const mine = served(patient) + served(patientRoutine)
        const ahead = (accounts.length - 1) * (pollConfirmsAheadMax + 1)
        expect(mine).toBeGreaterThanOrEqual((turns.length - ahead) / accounts.length - 1)
      }),
    )
  })

  it("routine polls have their share of the account's turns, and confirmations have the rest", () => {
    fc.assert(
      fc.property(others, (turns) => {
        const served = serve(turns, [patient, patientRoutine])
        const mine = served(patient) + served(patientRoutine)
        const routine = Math.floor(mine / (pollConfirmsPerRoutineMax + 1))
        expect(served(patientRoutine)).toBeGreaterThanOrEqual(routine)
        expect(served(patientRoutine)).toBeLessThanOrEqual(routine + 1)
      }),
    )
  })

  it("an account that was idle for long comes back with the same priority as the others", () => {
    const order = makePollOrder()
    const [first = patient, second = patient] = accounts.map((account) => ({ account, confirm: false }))
    for (let turn = 0; turn < 1_000; turn++) order.next([first])
    const served = Array.from({ length: 20 }, () => order.next([first, second])?.account)
    expect(served.filter((account) => account === second.account).length).toBe(10)
  })
})
