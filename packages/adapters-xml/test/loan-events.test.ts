import { LoanEvent } from "@loan-engine/domain/loan-event"
import { Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { getApplicationQuoteResponse } from "../src/get-application-quote.ts"
import type { GetApplicationStatusResponse } from "../src/get-application-status.ts"
import { applicationQuoteEvents, applicationStatusEvents, submissionEvents } from "../src/loan-events.ts"
import { decisionResult } from "./arbitraries.ts"
import { utf8, value } from "./bytes.ts"

const at = 1_700_000_000_000

describe("a poll's answer", () => {
  const answers: ReadonlyArray<readonly [GetApplicationStatusResponse, ReadonlyArray<object>]> = [
    [{}, []],
    [{ paidOut: false, requestedSigningMethod: "E_SIGN" }, []],
    [{ waitingForAddition: true }, [{ type: "addition.requested", at }]],
    [{ waitingForAddition: false }, [{ type: "addition.cleared", at }]],
    [{ signedWithMethod: "ANALOG" }, [{ type: "agreement.signed", at, method: "ANALOG" }]],
    [{ paidOut: true }, [{ type: "loan.paidOut", at, fresh: true }]],
    [
      { waitingForAddition: false, paidOut: true },
      [
        { type: "addition.cleared", at },
        { type: "loan.paidOut", at, fresh: true },
      ],
    ],
    [
      { waitingForAddition: false, signedWithMethod: "E_SIGN", paidOut: true },
      [
        { type: "addition.cleared", at },
        { type: "agreement.signed", at, method: "E_SIGN" },
        { type: "loan.paidOut", at, fresh: true },
      ],
    ],
  ]
  it.each(answers)("%o means %o", (response, events) => {
    expect(applicationStatusEvents(response, at)).toStrictEqual(events)
  })
})

describe("a decision", () => {
  const decide = (decision: string, fields = "") =>
    value(
      getApplicationQuoteResponse.decode(
        utf8(
          "<getApplicationQuoteResponse><applicationQuoteResult><applicationReference>A</applicationReference>" +
            `<decision>${decision}</decision>${fields}</applicationQuoteResult></getApplicationQuoteResponse>`,
        ),
      ),
    )
  const amount = "<approvedAmount>1000.0</approvedAmount>"

  it("that answers a quote is fresh", () => {
    expect(applicationQuoteEvents(decide("APPROVED", amount), at)).toStrictEqual([
      { type: "decision.approved", at, fresh: true, offer: { approvedAmount: "1000" } },
    ])
    expect(applicationQuoteEvents(decide("REJECTED", amount), at)).toStrictEqual([
      { type: "decision.rejected", at, fresh: true },
    ])
  })

  it("that came with the submission is not fresh", () => {
    expect(submissionEvents(decide("APPROVED", amount), at)).toStrictEqual([
      { type: "decision.approved", at, offer: { approvedAmount: "1000" } },
    ])
    expect(submissionEvents(decide("REJECTED", amount), at)).toStrictEqual([
      { type: "decision.rejected", at },
    ])
  })

  it("that is pending is fresh like any other that was asked for, and an approval may lack its offer", () => {
    expect(applicationQuoteEvents(decide("MANUAL_INSPECTION", amount), at)).toStrictEqual([
      { type: "decision.pending", at, fresh: true },
    ])
    expect(submissionEvents(decide("MANUAL_INSPECTION"), at)).toStrictEqual([
      { type: "decision.pending", at },
    ])
    expect(submissionEvents(decide("APPROVED"), at)).toStrictEqual([{ type: "decision.approved", at }])
  })

  it("gives events that the domain accepts, for any decoded message", () => {
    const isLoanEvent = Schema.is(LoanEvent)
    fc.assert(
      fc.property(decisionResult, (result) => {
        const events = [...applicationQuoteEvents(result, at), ...submissionEvents(result, at)]
        expect(events.every(isLoanEvent)).toBe(true)
      }),
    )
  })
})
