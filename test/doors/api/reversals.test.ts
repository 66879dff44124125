import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loanClient } from "@loan-engine/app/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { decision } from "./api-call.ts"
import { openEvents } from "./event-stream.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-reversals-"))
const between = 40
const expected = [...Array.from({ length: 2 + between }, () => null), "revoked", "reinstated"]

let engine: EngineProcess
beforeAll(async () => {
  engine = await startEngine(join(directory, "loans.sqlite"), {
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_CHANGES_PAGE_ROWS_MAX: "3",
  })
  const client = loanClient({ baseUrl: engine.url, apiKey })
  const ruling = { by: "Desk", reason: "phone" }
  for (const word of ["APPROVED", "REJECTED"]) await engine.callback(decision("turned-1", word))
  // Between the dispute and its end, the bank repeats the same in other bytes. These entries do not show where the
  // dispute began.
  for (let number = 0; number < between; number++) {
    await engine.callback(`${decision("turned-1", "REJECTED")}${" ".repeat(number + 1)}`)
  }
  await client.rule("turned-1", { ...ruling, decision: "rejected" })
  await client.rule("turned-1", { ...ruling, decision: "approved", undisputed: true })
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

interface Shown {
  readonly reversal: unknown
}

const historyFrom = async (after: number) => {
  const answer = await engine.api("GET", `/v1/loans/turned-1/history?after=${after}`)
  return ((await answer.json()) as ReadonlyArray<Shown>).map(({ reversal }) => reversal)
}

describe("a reversal at the end of a dispute", () => {
  it("is named in the loan's history, on any page", async () => {
    expect(await historyFrom(0)).toEqual(expected)
    expect(await historyFrom(2)).toEqual(expected.slice(2))
    expect(await historyFrom(3)).toEqual(expected.slice(3))
  })

  it.for(["/v1/changes", "/v1/loans/turned-1/changes"])("is named in %s", async (path) => {
    const stream = await openEvents(`${engine.url}${path}?after=0`)
    const seen: Array<unknown> = []
    while (seen.length < expected.length) {
      const { data } = (await stream.next()) ?? { data: '{"reversal":"the stream ended"}' }
      if (data !== "") seen.push((JSON.parse(data) as Shown).reversal)
    }
    stream.close()
    expect(seen).toEqual(expected)
  })
})
