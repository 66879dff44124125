import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Instant } from "@loan-engine/domain/instant"
import { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import { Option, Schema, Struct } from "effect"
import { notAhead } from "./timely.ts"
import type { PollQuestion } from "./poll-cadence.ts"

/** What the bank has answered to one question, lately. */
const Answered = Schema.Struct({
  /** When the bank was last asked, and when the answer arrived. */
  askedAt: Instant,
  heardAt: Instant,
  /** How often it was asked. */
  times: Schema.Int,
  /** The answer without its times, as text. */
  said: Schema.String,
  /** The events that the answer repeated since the loan's last entry. The next entry will contain them. */
  again: Schema.Array(LoanEvent),
})

/** What the latest callbacks reported about the decision, and when the engine received the last of them. */
const Told = Schema.Struct({ at: Instant, said: Schema.Array(LoanEvent) })
export type Told = typeof Told.Type

/** A signed callback: its token's SHA-256 in hex, and the time that it got when it was first recorded. */
const Signed = Schema.Struct({ token: Schema.String, at: Instant })

/** How many signed callbacks the engine remembers for one loan. It keeps the latest. */
const signedKeptMax = 16

/**
 * What the bank's answers have repeated. An answer without news changes only this watermark and adds no journal
 * entry. When the next entry is written, it contains the repeats, and they are decided with it. So a replay of the
 * journal needs no watermark.
 */
export const Watermark = Schema.Struct({
  status: Schema.optionalKey(Answered),
  quote: Schema.optionalKey(Answered),
  /** How the customer wants to sign, according to the bank's latest answer, and when the bank first reported it. */
  requested: Schema.optionalKey(Schema.Struct({ method: Schema.String, at: Instant })),
  /** What callbacks have reported. Removed when an answer of the bank settles it ({@link toldAfter}). */
  told: Schema.optionalKey(Told),
  /** The recorded signed callbacks, so that a redelivery gets the same time. */
  signed: Schema.optionalKey(Schema.Array(Signed)),
  /** When polling ended, because the bank had reported no news for too long. Removed by the next observation that plans a poll. */
  restedAt: Schema.optionalKey(Instant),
})
export type Watermark = typeof Watermark.Type

export const noWatermark: Watermark = {}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Watermark))

/** Reads a loan's watermark from its row. An unreadable text counts as no watermark. */
export const watermarkIn = (text: string): Watermark => Option.getOrElse(decode(text), () => noWatermark)

export const watermarkText = (watermark: Watermark): string | null =>
  Object.keys(watermark).length === 0 ? null : canonicalJson({ ...watermark })

const questionsOf: { readonly [S in Observation["source"]]?: PollQuestion } = {
  poll: "status",
  quote: "quote",
}

/** The question that an observation answers. `undefined` if it is not the bank's answer to the engine. */
export const questionAnswered = ({ source, evidence }: Observation): PollQuestion | undefined =>
  evidence === "bank" ? questionsOf[source] : undefined

/** All events that the bank's answers have repeated since the loan's last entry. */
export const levelsOf = ({ status, quote }: Watermark): Pick<Observation, "levels"> => {
  const levels = [...(status?.again ?? []), ...(quote?.again ?? [])]
  return levels.length === 0 ? {} : { levels }
}

/** Removes the mark that the engine itself has added to an event. */
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
 * The watermark after an answer. `again` contains the events of the answer that the next entry must contain. Two
 * polls may run at the same time. If an answer repeats the answer to a later poll, only the count grows.
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
  // The time of `addition.cleared` is the time of the question minus the grace, so the grace is added again here.
  const asked = answer.events.map(({ type, at }) => (type === "addition.cleared" ? at + graceMs : at))
  const askedAt = Math.min(answer.receivedAt, ...asked)
  const isOvertaken = before?.said === said && askedAt < before.askedAt
  const after = isOvertaken
    ? { ...before, times }
    : { askedAt, heardAt: answer.receivedAt, times, said, again }
  return { ...timely, ...requestedIn(watermark, answer), [question]: after }
}

/** The customer's wish stays until the bank reports another. After the signature, the bank no longer reports it. */
function requestedIn(
  { requested }: Watermark,
  { requestedSigningMethod: method, receivedAt }: Observation,
): Pick<Watermark, "requested"> {
  if (method === undefined || method === requested?.method)
    return requested === undefined ? {} : { requested }
  return { requested: { method, at: receivedAt } }
}

/** Corrects the times in a watermark that a wrong clock has set far ahead. Otherwise no later answer would count. */
const inTime = (
  { status, quote, told, requested: _requested, ...others }: Watermark,
  now: Instant,
): Omit<Watermark, "requested"> => ({
  ...others,
  ...(told === undefined ? {} : { told: { ...told, at: notAhead(told.at, now) } }),
  ...(status === undefined ? {} : { status: dated(status, now) }),
  ...(quote === undefined ? {} : { quote: dated(quote, now) }),
})

const dated = (answered: typeof Answered.Type, now: Instant): typeof Answered.Type => ({
  ...answered,
  askedAt: notAhead(answered.askedAt, now),
  heardAt: notAhead(answered.heardAt, now),
})

/** The watermark after an entry that contains all its repeats. */
export const carried = ({ status, quote, ...others }: Watermark): Watermark => ({
  ...others,
  ...(status === undefined ? {} : { status: { ...status, again: [] } }),
  ...(quote === undefined ? {} : { quote: { ...quote, again: [] } }),
})

/** The watermark with `told` replaced, or removed. */
export const telling = ({ told: _before, ...others }: Watermark, told: Told | undefined): Watermark =>
  told === undefined ? others : { ...others, told }

/**
 * A redelivery of a signed callback, with the time of its first delivery. `undefined` for any other callback. A
 * callback's time is never after its receipt. So a redelivery alone could get a later time, or an earlier one if
 * several engines receive the callback together. With a later time, a request for documents would open again what the
 * bank has cleared meanwhile.
 */
export function redelivered({ signed = [] }: Watermark, observation: Observation): Observation | undefined {
  const first = signed.find(({ token }) => token === observation.token)
  if (first === undefined || observation.issued !== true) return undefined
  return { ...observation, events: observation.events.map((event) => ({ ...event, at: first.at })) }
}

/** Adds a signed callback that is recorded now. */
export function signedBy(watermark: Watermark, { token, issued, events: [event] }: Observation): Watermark {
  const { signed = [] } = watermark
  if (
    token === undefined ||
    issued !== true ||
    event === undefined ||
    signed.some((known) => known.token === token)
  )
    return watermark
  return { ...watermark, signed: [...signed, { token, at: event.at }].slice(-signedKeptMax) }
}
