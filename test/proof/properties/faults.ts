import type { Observation } from "@loan-engine/domain/observation"
import { HoldReason } from "@loan-engine/domain/observation"
import fc from "fast-check"
import { loanEvent, observed } from "./arbitraries.ts"

/**
 * What a network may do to messages: lose them, repeat them, delay them, and change their order. The events of a
 * delayed message have the time of its receipt, so they look recent. Real callbacks without a verified issue time do
 * the same.
 */
export const suffering = (said: ReadonlyArray<Observation>): fc.Arbitrary<ReadonlyArray<Observation>> =>
  fc
    .tuple(fc.subarray([...said]), fc.subarray([...said]))
    .chain(([once, again]) => fc.tuple(...[...once, ...again].map(delayed)))
    .chain((delivered) => fc.shuffledSubarray(delivered, { minLength: delivered.length }))

const delayMax = 800

/** Only callbacks are delayed. A poll's answer has the time of its question. */
const delayed = (observation: Observation): fc.Arbitrary<Observation> =>
  observation.source === "callback"
    ? fc.oneof(
        fc.constant(observation),
        fc.nat({ max: delayMax }).map((late) => ({
          ...observation,
          receivedAt: observation.receivedAt + late,
          events: observation.events.map((event) => ({ ...event, at: event.at + late })),
        })),
      )
    : fc.constant(observation)

/** What an attacker may send: any events, but never trusted. */
const forgeries: fc.Arbitrary<Observation> = fc
  .record({
    events: fc.array(loanEvent, { minLength: 1, maxLength: 3 }),
    hold: fc.option(fc.constantFrom(...HoldReason.literals)),
  })
  .map(({ events, hold }) => ({
    ...observed(events),
    ...(hold === null ? { evidence: "none" as const } : { hold }),
  }))

/** Puts forgeries at random places between genuine observations. */
export const interspersed = (
  genuine: ReadonlyArray<Observation>,
): fc.Arbitrary<ReadonlyArray<{ readonly observation: Observation; readonly forged: boolean }>> =>
  fc
    .array(fc.tuple(forgeries, fc.nat({ max: genuine.length })), { maxLength: 6 })
    .map((forged) =>
      [...genuine, undefined].flatMap((observation, index) => [
        ...forged
          .filter(([, place]) => place === index)
          .map(([forgery]) => ({ observation: forgery, forged: true })),
        ...(observation === undefined ? [] : [{ observation, forged: false }]),
      ]),
    )
