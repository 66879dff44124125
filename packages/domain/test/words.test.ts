import { DecimalText } from "@loan-engine/domain/decimal-text"
import { Instant, instantMaxMs } from "@loan-engine/domain/instant"
import { News, Step } from "@loan-engine/domain/loan"
import { LoanEvent, Verdict, loanEventTypes } from "@loan-engine/domain/loan-event"
import {
  AccountName,
  ApplicationReference,
  Disposition,
  Evidence,
  HoldReason,
  Source,
} from "@loan-engine/domain/observation"
import { Result, Schema } from "effect"
import { describe, expect, it } from "vitest"

/** Why the schema refuses a value. Empty if it accepts the value. */
function refusal(schema: Schema.Codec<unknown>, value: unknown): string {
  const decoded = Schema.decodeUnknownResult(schema)(value)
  return Result.isFailure(decoded) ? String(decoded.failure) : ""
}

describe("the words of the domain, as they are stored and sent", () => {
  it("are exactly these: a rename would make stored data unreadable", () => {
    expect(Source.literals).toEqual(["submission", "callback", "poll", "quote", "operator"])
    expect(Evidence.literals).toEqual(["jws", "credentials", "bank", "operator", "merchant", "none"])
    expect(Disposition.literals).toEqual(["advanced", "noted", "repeated", "held", "disputed"])
    expect(Verdict.literals).toEqual(["approved", "rejected"])
    expect(News.literals).toEqual(["decision", "addition", "signature", "payOut"])
    expect(HoldReason.literals).toEqual([
      "no-evidence",
      "evidence-too-weak",
      "signature-missing",
      "signature-unverifiable",
      "signature-unbound",
      "unknown-event-type",
      "reference-unusable",
      "offers-exceeded",
      "account-mismatch",
    ])
  })

  it("name every event, and nothing else", () => {
    const closing = { closedFor: "withdrawn" }
    const content = { decision: "approved", by: "Ada", reason: "asked the bank", ...closing }
    for (const type of loanEventTypes) expect(refusal(LoanEvent, { type, at: 1, ...content })).toBe("")
    expect(refusal(LoanEvent, { type: "", at: 1, ...content })).not.toBe("")
    expect(refusal(LoanEvent, { type: "loan.lost", at: 1 })).not.toBe("")
    expect(refusal(LoanEvent, { type: "decision.rejected", at: 1, fresh: true })).toBe("")
    expect(refusal(LoanEvent, { type: "decision.rejected", at: 1, fresh: false })).not.toBe("")
    expect(refusal(LoanEvent, { type: "dispute.ruled", at: 1, ...content, decision: "undecided" })).not.toBe(
      "",
    )
    expect(refusal(Step, { from: "approved", to: "signed", inferred: false })).toBe("")
    expect(refusal(Step, {})).not.toBe("")
  })
})

describe("an application reference", () => {
  it.each(["ABC-123", "14321-21234-445674-434344-345445", "å", "a b", "x".repeat(512)])(
    "may be %s",
    (text) => {
      expect(refusal(ApplicationReference, text)).toBe("")
    },
  )

  it.each(["", " a", "a ", "\ta", "a\u0000b", "a\nb", "a\u007F", "\uD800", "x".repeat(513)])(
    "may not be %j",
    (text) => {
      expect(refusal(ApplicationReference, text)).not.toBe("")
    },
  )

  it("is refused with what was expected", () => {
    expect(refusal(ApplicationReference, "a\nb")).toContain("without control characters or outer white space")
  })
})

describe("an account's name", () => {
  it.each(["se", "default", "a.b-c_1", "x".repeat(64)])("may be %s", (text) => {
    expect(refusal(AccountName, text)).toBe("")
  })

  it.each(["", "-a", ".a", "a/b", "a b", "ab\n", "å", "x".repeat(65)])("may not be %j", (text) => {
    expect(refusal(AccountName, text)).not.toBe("")
  })

  it("is refused with what was expected", () => {
    expect(refusal(AccountName, "a/b")).toContain("letters, digits, dots, dashes and underscores")
  })
})

describe("an instant", () => {
  it("goes from 1970 to the end of 2199, to the millisecond", () => {
    expect(new Date(instantMaxMs).toISOString()).toBe("2199-12-31T23:59:59.999Z")
    expect(refusal(Instant, 0)).toBe("")
    expect(refusal(Instant, instantMaxMs)).toBe("")
    expect(refusal(Instant, -1)).toContain("whole milliseconds since 1970")
    expect(refusal(Instant, instantMaxMs + 1)).toContain(String(instantMaxMs))
  })
})

describe("a decimal", () => {
  it("is refused in any form except the canonical one, with an example", () => {
    expect(refusal(DecimalText, "1234.50")).toContain("1234.5")
    const widest = `-${"1".repeat(30)}.${"1".repeat(30)}`
    expect(refusal(DecimalText, widest)).toBe("")
    expect(refusal(DecimalText, `${widest}1`)).not.toBe("")
  })
})
