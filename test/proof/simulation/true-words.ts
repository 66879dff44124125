import type { BankLoan } from "@loan-engine/app/sandbox/bank-loan"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import type { Word } from "./witness.ts"

/**
 * The events that the bank's messages mean. They come from the bank's own state and the plain JSON of the callback,
 * not from the engine's reading.
 */
export function statusWords(loan: BankLoan, at: number): ReadonlyArray<Word> {
  // If the bank waits for no documents, this is certain only for some time before.
  const words: Array<Word> = [
    loan.waitingForAddition
      ? { type: "addition.requested", at }
      : { type: "addition.cleared", at: at - cadenceDefaults.additionGraceMs },
  ]
  const method = loan.signedWithMethod
  if (method !== undefined) {
    words.push({ type: "agreement.signed", at }, { type: "signing.method", at, content: method })
  }
  if (loan.paidOut) words.push({ type: "loan.paidOut", at })
  return words
}

const decisions = { APPROVED: "approved", REJECTED: "rejected", MANUAL_INSPECTION: "pending" } as const

export function decisionWords(loan: BankLoan, at: number, asked: boolean): ReadonlyArray<Word> {
  const decision = decisions[loan.decision]
  const offer = decision === "approved" ? loan.offer : null
  return [
    { type: `decision.${decision}`, at },
    ...(offer === null ? [] : [{ type: "offer", at, content: offer }]),
    ...(asked ? [{ type: "ruling", at, content: { decision, by: null, offer } }] : []),
  ]
}

interface OfferInBody {
  readonly creditDecision: string
  readonly [member: string]: string | number | ReadonlyArray<string>
}

/** The offer in a callback. There, its amounts are numbers. */
function offerIn({ creditDecision: _decision, ...members }: OfferInBody): NonNullable<Word["content"]> {
  const amounts = Object.entries(members).map(([name, value]) => [
    name,
    typeof value === "number" && name !== "tenor" ? String(value) : value,
  ])
  return Object.fromEntries(amounts)
}

/** The members of a callback that the simulation needs. */
export interface CallbackBody {
  readonly externalApplicationEvent: {
    readonly applicationReference: string
    readonly applicationEventType: string
    readonly creditDecision?: OfferInBody
    readonly requiredDocuments?: ReadonlyArray<string>
  }
  readonly jwsData?: string
}

export function callbackWords({ externalApplicationEvent: event }: CallbackBody, at: number) {
  const words: Array<Word> = []
  switch (event.applicationEventType) {
    case "CREDIT_DECISION_UPDATED": {
      const approved = event.creditDecision?.creditDecision === "APPROVED"
      words.push({ type: approved ? "decision.approved" : "decision.rejected", at })
      if (approved) words.push({ type: "offer", at, content: offerIn(event.creditDecision) })
      break
    }
    case "WAITING_FOR_ADDITION":
      words.push(
        { type: "addition.requested", at },
        ...(event.requiredDocuments ?? []).map((document) => ({ type: "document", at, content: document })),
      )
      break
    case "SIGNED":
      words.push({ type: "agreement.signed", at })
      break
    case "PAID_OUT":
      words.push({ type: "loan.paidOut", at })
      break
    default:
  }
  return words
}

/** The claim `iat` of a signature, in milliseconds. If it is in whole seconds, the end of its second. */
export function issuedAtMs({ jwsData }: CallbackBody): number | undefined {
  const [, payload] = jwsData?.split(".") ?? []
  if (payload === undefined) return undefined
  const { iat } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { readonly iat: number }
  return Number.isInteger(iat) ? iat * 1_000 + 999 : Math.round(iat * 1_000)
}
