import { ClosureReason } from "@loan-engine/domain/closure"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import {
  AccountName,
  ApplicationReference,
  Evidence,
  HoldReason,
  Source,
} from "@loan-engine/domain/observation"
import fc from "fast-check"

export const reference = ApplicationReference.make("ABC-123")
export const account = AccountName.make("default")

/** There are few instants, so that equal times are common. */
const at = fc.integer({ min: 1, max: 8 })

const amount = fc.constantFrom("0", "1000.0", "10000", "599.99").map((text) => {
  const decimal = parseDecimal(text)
  if (decimal === undefined) throw new Error(`no decimal: ${text}`)
  return decimal
})
const offer = fc.record({ approvedAmount: amount, interest: amount }, { requiredKeys: ["approvedAmount"] })
const fresh = fc.constant(true as const)
const documents = fc.subarray(["ID", "PAYMENT_SLIP"], { minLength: 1 })

/** Any loan event, even an illegal one. */
export const loanEvent: fc.Arbitrary<LoanEvent> = fc.oneof(
  fc.record({ type: fc.constant("decision.pending" as const), at, fresh }, { requiredKeys: ["type", "at"] }),
  fc.record(
    { type: fc.constant("decision.approved" as const), at, fresh, offer },
    { requiredKeys: ["type", "at"] },
  ),
  fc.record({ type: fc.constant("decision.rejected" as const), at, fresh }, { requiredKeys: ["type", "at"] }),
  fc.record(
    {
      type: fc.constant("addition.requested" as const),
      at,
      requiredDocuments: documents,
      adds: fc.constant(true as const),
    },
    { requiredKeys: ["type", "at"] },
  ),
  fc.record({ type: fc.constant("addition.cleared" as const), at }),
  fc.record(
    {
      type: fc.constant("agreement.signed" as const),
      at,
      method: fc.constantFrom("E_SIGN", "ANALOG"),
      onOffer: fc.record({ offer, since: at }),
    },
    { requiredKeys: ["type", "at"] },
  ),
  fc.record(
    { type: fc.constant("loan.paidOut" as const), at, fresh, onOffer: fc.record({ offer, since: at }) },
    { requiredKeys: ["type", "at"] },
  ),
  fc.record(
    {
      type: fc.constant("dispute.ruled" as const),
      at,
      decision: fc.constantFrom("approved" as const, "rejected" as const),
      by: fc.constantFrom("Ada", "Lin"),
      reason: fc.constantFrom("checked with the bank", "the customer withdrew"),
      overrulesPayOut: fc.constant(true as const),
    },
    { requiredKeys: ["type", "at", "decision", "by", "reason"] },
  ),
  fc.record(
    {
      type: fc.constant("loan.closed" as const),
      at,
      closedFor: fc.constantFrom(...ClosureReason.literals),
      by: fc.constantFrom("Ada", "Lin"),
      note: fc.constant("by phone"),
      approved: fc.constant(true as const),
    },
    { requiredKeys: ["type", "at", "closedFor", "by"] },
  ),
  fc.record(
    { type: fc.constant("loan.reopened" as const), at, by: fc.constantFrom("Ada", "Lin") },
    { requiredKeys: ["type", "at"] },
  ),
)

export const loanEvents = fc.array(loanEvent, { maxLength: 30 })

/** A merchant's registration: a decision, and the offer that came with it. */
export const handedOver = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant("decision.pending" as const), at }),
    fc.record(
      { type: fc.constant("decision.approved" as const), at, offer },
      { requiredKeys: ["type", "at"] },
    ),
    fc.record({ type: fc.constant("decision.rejected" as const), at }),
  ),
  { maxLength: 3 },
)

/** A trusted callback with these events. */
export const observed = (events: ReadonlyArray<LoanEvent>): Observation => ({
  applicationReference: reference,
  account,
  source: "callback",
  evidence: "credentials",
  receivedAt: 100,
  events,
})

/** A registration: the merchant reports the bank's decision as the merchant knows it. */
export const registered = (events: ReadonlyArray<LoanEvent>): Observation => ({
  ...observed(events),
  source: "submission",
  evidence: "merchant",
})

/** An event, and who reported it. Without a mark it was the bank. */
export type Told = LoanEvent & { readonly teller?: "merchant" }

export const byMerchant = (event: LoanEvent): Told => ({ ...event, teller: "merchant" })

/** One observation of events that all have the same reporter. */
export function observedOf(told: ReadonlyArray<Told>): Observation {
  const events = told.map(({ teller: _teller, ...event }): LoanEvent => event)
  return told.some(({ teller }) => teller === "merchant") ? registered(events) : observed(events)
}

/** A trace with registrations at random places, one for each registered event. */
export const withRegistrations = (
  trace: ReadonlyArray<Observation>,
  events: ReadonlyArray<LoanEvent>,
): fc.Arbitrary<ReadonlyArray<Observation>> =>
  fc
    .array(fc.nat({ max: trace.length }), { minLength: events.length, maxLength: events.length })
    .map((places) =>
      Array.from({ length: trace.length + 1 }, (_, index) => [
        ...events.filter((_event, which) => places[which] === index).map((event) => registered([event])),
        ...trace.slice(index, index + 1),
      ]).flat(),
    )

/** The events of a trace, split at random into trusted callbacks. */
export const batches = (events: ReadonlyArray<LoanEvent>): fc.Arbitrary<ReadonlyArray<Observation>> =>
  fc.array(fc.boolean(), { minLength: events.length, maxLength: events.length }).map((cuts) => {
    const cut: Array<Array<LoanEvent>> = []
    events.forEach((event, index) => {
      const last = cut.at(-1)
      if (last === undefined || cuts[index] === true) cut.push([event])
      else last.push(event)
    })
    return cut.map(observed)
  })

/** Trusted callbacks with any events, and registrations at random places between them. */
export const tracesWithRegistrations: fc.Arbitrary<ReadonlyArray<Observation>> = fc
  .tuple(loanEvents, handedOver)
  .chain(([events, handed]) => batches(events).chain((trace) => withRegistrations(trace, handed)))

/**
 * Anything that can arrive for one loan: any source, any evidence, trusted or held, from its own account or another.
 */
export const observations: fc.Arbitrary<ReadonlyArray<Observation>> = fc.array(
  fc
    .record({
      events: fc.array(loanEvent, { maxLength: 4 }),
      source: fc.constantFrom(...Source.literals),
      evidence: fc.constantFrom(...Evidence.literals),
      hold: fc.option(fc.constantFrom(...HoldReason.literals), { nil: undefined, freq: 4 }),
      account: fc.oneof(
        { arbitrary: fc.constant(account), weight: 9 },
        { arbitrary: fc.constant(AccountName.make("another")), weight: 1 },
      ),
    })
    .map(({ hold, ...heard }) => ({ ...observed([]), ...heard, ...(hold === undefined ? {} : { hold }) })),
  { minLength: 1, maxLength: 20 },
)
