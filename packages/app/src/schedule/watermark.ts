import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Instant } from "@loan-engine/domain/instant"
import { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import { Option, Schema, Struct } from "effect"
import { notAhead } from "./timely.ts"
import type { PollQuestion } from "./poll-cadence.ts"

/** The latest answers to one question to the bank. */
const Answered = Schema.Struct({
  /** When the bank was last asked, and when it answered. */
  askedAt: Instant,
  heardAt: Instant,
  /** How often it was asked. */
  times: Schema.Int,
  /** The answer without its times, as one text. */
  said: Schema.String,
  /** What it repeated since the loan's last entry. The next entry contains it. */
  again: Schema.Array(LoanEvent),
})

/** What the latest callbacks said of the decision, and when the last of them was received. */
const Told = Schema.Struct({ at: Instant, said: Schema.Array(LoanEvent) })
export type Told = typeof Told.Type

/** A signed callback: its token's SHA-256 in hex, and the date that it got when it was first recorded. */
const Signed = Schema.Struct({ token: Schema.String, at: Instant })

/** How many signed callbacks are remembered for one loan. The latest are kept. */
const signedKeptMax = 16

/**
 * Answers that say nothing new move only this watermark: a repeated level is no news. They are decided when anything
 * else is heard, and are then journaled with it, so that a replay needs no watermark.
 */
export const Watermark = Schema.Struct({
  status: Schema.optionalKey(Answered),
  quote: Schema.optionalKey(Answered),
  /** How the customer wants to sign, by the bank's latest answer, and when the bank first said so. */
  requested: Schema.optionalKey(Schema.Struct({ method: Schema.String, at: Instant })),
  /** Set until an answer of the bank is sure to know it. */
  told: Schema.optionalKey(Told),
  /** The signed callbacks that were recorded, so that a redelivery gets the same date. */
  signed: Schema.optionalKey(Schema.Array(Signed)),
})
export type Watermark = typeof Watermark.Type

export const noWatermark: Watermark = {}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Watermark))

/** A loan's watermark from its row. An unreadable one counts as none. */
export const watermarkIn = (text: string): Watermark => Option.getOrElse(decode(text), () => noWatermark)

export const watermarkText = (watermark: Watermark): string | null =>
  Object.keys(watermark).length === 0 ? null : canonicalJson({ ...watermark })

const questionsOf: { readonly [S in Observation["source"]]?: PollQuestion } = {
  poll: "status",
  quote: "quote",
}

/** The question that an observation answers, if it is the bank's answer to one of ours. */
export const questionAnswered = ({ source, evidence }: Observation): PollQuestion | undefined =>
  evidence === "bank" ? questionsOf[source] : undefined

/** What was repeated since the loan's last entry. */
export const levelsOf = ({ status, quote }: Watermark): Pick<Observation, "levels"> => {
  const levels = [...(status?.again ?? []), ...(quote?.again ?? [])]
  return levels.length === 0 ? {} : { levels }
}

/** The engine's own marks do not belong to the bank's answer. */
const withoutMarks = (event: LoanEvent): LoanEvent =>
  event.type === "agreement.signed" || event.type === "loan.paidOut" ? Struct.omit(event, ["onOffer"]) : event

/** The content of an answer, without its times. */
const wordOf = ({ events, leftOut = [], requestedSigningMethod }: Observation): string =>
  canonicalJson({
    events: events.map((event) => ({ ...withoutMarks(event), at: 0 })),
    leftOut: [...leftOut],
    requestedSigningMethod: requestedSigningMethod ?? null,
  })

export const saysTheSame = (watermark: Watermark, question: PollQuestion, answer: Observation): boolean =>
  watermark[question]?.said === wordOf(answer)

/**
 * The watermark after an answer. `again` is what the next entry must contain of it. Two questions may run at the same
 * time. If an answer says the same as one to a later question, it only adds to the count.
 */
export function answeredTo(
  watermark: Watermark,
  question: PollQuestion,
  answer: Observation,
  again: ReadonlyArray<LoanEvent>,
  graceMs = 0,
): Watermark {
  const timely = inTime(watermark, answer.receivedAt)
  const before = timely[question]
  const times = (before?.times ?? 0) + 1
  const said = wordOf(answer)
  // "The bank waits for nothing" is dated some time before the question.
  const asked = answer.events.map(({ type, at }) => (type === "addition.cleared" ? at + graceMs : at))
  const askedAt = Math.min(answer.receivedAt, ...asked)
  const isOvertaken = before?.said === said && askedAt < before.askedAt
  const after = isOvertaken
    ? { ...before, times }
    : { askedAt, heardAt: answer.receivedAt, times, said, again }
  return { ...timely, ...requestedIn(watermark, answer), [question]: after }
}

/** A wish stands until another one is said. The bank no longer reports it after the customer has signed. */
function requestedIn(
  { requested }: Watermark,
  { requestedSigningMethod: method, receivedAt }: Observation,
): Pick<Watermark, "requested"> {
  if (method === undefined || method === requested?.method)
    return requested === undefined ? {} : { requested }
  return { requested: { method, at: receivedAt } }
}

/** A wrong clock may have dated an answer far ahead. No later answer would count beside it. */
const inTime = ({ status, quote, told, signed }: Watermark, now: Instant): Omit<Watermark, "requested"> => ({
  ...(signed === undefined ? {} : { signed }),
  ...(told === undefined ? {} : { told: { ...told, at: notAhead(told.at, now) } }),
  ...(status === undefined ? {} : { status: dated(status, now) }),
  ...(quote === undefined ? {} : { quote: dated(quote, now) }),
})

const dated = (answered: typeof Answered.Type, now: Instant): typeof Answered.Type => ({
  ...answered,
  askedAt: notAhead(answered.askedAt, now),
  heardAt: notAhead(answered.heardAt, now),
})

/** The watermark after an entry that contains all repeats. */
export const carried = ({ status, quote, requested, told, signed }: Watermark): Watermark => ({
  ...(signed === undefined ? {} : { signed }),
  ...(told === undefined ? {} : { told }),
  ...(requested === undefined ? {} : { requested }),
  ...(status === undefined ? {} : { status: { ...status, again: [] } }),
  ...(quote === undefined ? {} : { quote: { ...quote, again: [] } }),
})

/** The watermark with what callbacks have said, or without. */
export const telling = ({ told: _before, ...others }: Watermark, told: Told | undefined): Watermark =>
  told === undefined ? others : { ...others, told }

/**
 * A redelivery of a signed callback, with the date of its first delivery. Otherwise `undefined`. The date of a callback
 * is bounded by its receipt, so without this a redelivery could be dated later, or earlier if several engines receive the
 * callback at the same time. A later request for documents opens again what the bank has cleared since.
 */
export function redelivered({ signed = [] }: Watermark, observation: Observation): Observation | undefined {
  const first = signed.find(({ token }) => token === observation.token)
  if (first === undefined) return undefined
  return { ...observation, events: observation.events.map((event) => ({ ...event, at: first.at })) }
}

/** The watermark with a signed callback that is recorded now. */
export function signedBy(watermark: Watermark, { token, events: [event] }: Observation): Watermark {
  const { signed = [] } = watermark
  if (token === undefined || event === undefined || signed.some((known) => known.token === token))
    return watermark
  return { ...watermark, signed: [...signed, { token, at: event.at }].slice(-signedKeptMax) }
}
