import { answeredTo, noWatermark } from "@loan-engine/app/schedule/watermark"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { expect, it } from "vitest"

const yearMs = 365 * 86_400_000
const now = 1_700_000_000_000

const paidOutAt = (at: number, source: "poll" | "quote"): Observation => ({
  applicationReference: ApplicationReference.make("A"),
  account: AccountName.make("se"),
  source,
  evidence: "bank",
  receivedAt: at,
  events: [{ type: "loan.paidOut", at, fresh: true }],
})

it("an answer that a wrong clock has dated far ahead is replaced by the next answer to either question", () => {
  const wrong = answeredTo(noWatermark, "status", paidOutAt(now + yearMs, "poll"), [])
  const both = answeredTo(wrong, "quote", paidOutAt(now + yearMs + 5, "quote"), [])
  const right = answeredTo(both, "status", paidOutAt(now, "poll"), [])
  expect(right.status).toMatchObject({ askedAt: now, heardAt: now, times: 2 })
  expect(right.quote).toMatchObject({ askedAt: now, heardAt: now, times: 1 })
})

it("an answer to an earlier question adds only a count to an equal answer", () => {
  const later = answeredTo(noWatermark, "status", paidOutAt(now + 1_000, "poll"), [])
  expect(answeredTo(later, "status", paidOutAt(now, "poll"), []).status).toMatchObject({
    askedAt: now + 1_000,
    times: 2,
  })
})
