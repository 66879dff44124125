import { Facts } from "@loan-engine/domain/facts"
import { instantMaxMs } from "@loan-engine/domain/instant"
import { Loan, observe, openLoan } from "@loan-engine/domain/loan"
import { LoanEvent, loanEventTypes } from "@loan-engine/domain/loan-event"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Exit, Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const runs = Number(process.env["LOAN_ENGINE_PROPERTY_RUNS"] ?? 500)

/** Any JSON value. Its keys and strings include texts from known attacks. */
const hostileText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "NaN",
    "Infinity",
    "1e999",
    "\u0000",
    "-0",
    "toString",
  ),
)
const hostileJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    hostileText,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc
    .array(fc.tuple(hostileText, tie("value")), { maxLength: 5 })
    .map(
      (members) =>
        `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? "null"}`).join()}}`,
    )
    .map((text): unknown => JSON.parse(text)),
})).value

/** A value with an event's members, of which one or more are wrong. */
const almostEvent = fc.record(
  {
    type: fc.oneof(fc.constantFrom(...loanEventTypes), hostileText),
    at: fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(Number.NaN, Infinity, -1, instantMaxMs + 1, 0.5),
      hostileText,
    ),
    fresh: hostileJson,
    offer: fc.oneof(
      hostileJson,
      fc.record({ approvedAmount: hostileJson, tenor: fc.double(), interest: hostileText }),
    ),
    requiredDocuments: fc.oneof(hostileJson, fc.array(hostileJson)),
    method: hostileJson,
    decision: hostileJson,
    by: hostileJson,
    reason: hostileJson,
  },
  { requiredKeys: [] },
)

const loan = openLoan(ApplicationReference.make("ABC-123"), AccountName.make("se"))

/** All numbers in a value, at any depth. */
const numbersIn = (value: unknown): ReadonlyArray<number> => {
  if (typeof value === "number") return [value]
  if (typeof value !== "object" || value === null) return []
  return Object.values(value).flatMap(numbersIn)
}

describe("the domain's decoders, given any JSON value", () => {
  const decodeEvent = Schema.decodeUnknownResult(LoanEvent)

  it("give a typed error or a valid event: never a throw, no NaN, no infinity, no foreign prototype", () => {
    let valid = 0
    fc.assert(
      fc.property(fc.oneof(hostileJson, almostEvent), (value) => {
        const decoded = decodeEvent(value)
        if (Result.isFailure(decoded)) {
          expect(decoded.failure).toMatchObject({ _tag: "SchemaError" })
          return
        }
        valid++
        expect(numbersIn(decoded.success).every(Number.isSafeInteger)).toBe(true)
        expect(Object.getPrototypeOf(decoded.success)).toBe(Object.prototype)
        const observation = {
          ...loan,
          source: "callback",
          evidence: "jws",
          receivedAt: 1,
          events: [decoded.success],
        } as const
        expect(observe(loan, observation).loan.version).toBe(1)
      }),
      { numRuns: runs * 4 },
    )
    expect(valid).toBeGreaterThan(0)
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined()
  })

  it("give a typed error or a valid loan for what a store might hold", () => {
    const decodeLoan = Schema.decodeUnknownExit(Schema.fromJsonString(Loan))
    fc.assert(
      fc.property(
        fc.oneof(
          hostileText,
          hostileJson.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const decoded = decodeLoan(text)
          expect(Exit.isSuccess(decoded) || Exit.hasFails(decoded)).toBe(true)
        },
      ),
      { numRuns: runs },
    )
  })

  it("do not let a member called __proto__ become the prototype", () => {
    const polluted: unknown = JSON.parse('{"type":"loan.paidOut","at":1,"__proto__":{"polluted":true}}')
    const decoded = Result.getOrThrow(decodeEvent(polluted))
    expect(Object.keys(decoded).toSorted()).toEqual(["at", "type"])
    expect("polluted" in decoded).toBe(false)
  })

  it.each([
    ["before 1970", -1],
    ["after 2199", instantMaxMs + 1],
    ["between two milliseconds", 0.5],
    ["no number", Number.NaN],
    ["without end", Infinity],
    ["as text", "2026-01-01"],
  ])("refuse an instant %s, and say what was expected", (_what, at) => {
    const decoded = decodeEvent({ type: "loan.paidOut", at })
    const message = Result.isFailure(decoded) ? String(decoded.failure) : ""
    expect(message).toMatch(/at/u)
    expect(message).toMatch(/expected/iu)
  })

  it("refuse an amount that is a float, so that no float is ever used in a calculation", () => {
    for (const approvedAmount of [1000.5, Number.NaN, "NaN", "Infinity", "1e3", "0x10", ""]) {
      expect(
        Result.isFailure(decodeEvent({ type: "decision.approved", at: 1, offer: { approvedAmount } })),
      ).toBe(true)
    }
  })

  it.each<[string, unknown]>([
    ["no loan", {}],
    ["a stage that there is not", { ...loan, stage: "lost" }],
    ["facts that are none", { ...loan, facts: {} }],
    ["an instant as text", { ...loan, facts: { ...loan.facts, signedAt: "1" } }],
    ["documents without a time", { ...loan, facts: { ...loan.facts, documents: {} } }],
    ["a method without a time", { ...loan, facts: { ...loan.facts, methods: [{}] } }],
    ["an offer without a time", { ...loan, facts: { ...loan.facts, offers: [{}] } }],
    ["a ruling that decides nothing", { ...loan, facts: { ...loan.facts, ruling: {} } }],
  ])("refuse %s in a stored snapshot", (_what, snapshot) => {
    expect(Result.isSuccess(Schema.decodeUnknownResult(Loan)(loan))).toBe(true)
    expect(Result.isFailure(Schema.decodeUnknownResult(Loan)(snapshot))).toBe(true)
  })

  it("keep stored facts unchanged", () => {
    const facts = observe(loan, {
      ...loan,
      source: "poll",
      evidence: "bank",
      receivedAt: 1,
      events: [{ type: "loan.paidOut", at: 1 }],
    }).loan.facts
    expect(Schema.decodeUnknownSync(Facts)(JSON.parse(JSON.stringify(facts)))).toEqual(facts)
  })
})
