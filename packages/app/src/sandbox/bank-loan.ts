import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Offer } from "@loan-engine/domain/offer"
import type { BankChange, InitialDecision } from "./life.ts"

/**
 * One application as the bank itself knows it. Tests compare the engine's loans with it. It shares no code with the
 * engine.
 */
export interface BankLoan {
  readonly reference: ApplicationReference
  readonly account: string
  offer: Offer
  readonly requestedSigningMethod: "E_SIGN" | "MANUAL"
  decision: InitialDecision
  waitingForAddition: boolean
  documents: ReadonlyArray<string>
  signedWithMethod: "E_SIGN" | "ANALOG" | undefined
  /** The offer that the customer has signed. Absent before the signature. */
  signedOffer?: Offer
  paidOut: boolean
  /** Whether the bank will change the application no more, unless somebody triggers a change. */
  over: boolean
}

export function applyChange(loan: BankLoan, change: BankChange): void {
  switch (change.type) {
    case "decided":
      loan.decision = change.decision
      return
    case "reinspected":
      loan.decision = "MANUAL_INSPECTION"
      return
    case "requoted":
      loan.offer = change.offer
      return
    case "expired":
      loan.decision = "REJECTED"
      return
    case "additionRequested":
      loan.waitingForAddition = true
      loan.documents = [...new Set([...loan.documents, ...change.documents])]
      return
    case "additionReceived":
      loan.waitingForAddition = false
      loan.documents = []
      return
    case "signed":
      loan.signedWithMethod = change.method
      loan.signedOffer = loan.offer
      return
    case "paidOut":
      loan.paidOut = true
  }
}

/** The loan's true stage, as the engine names stages. */
export function trueStage(loan: BankLoan): Stage {
  if (loan.decision === "REJECTED") return "rejected"
  if (loan.decision === "MANUAL_INSPECTION") return "manualInspection"
  if (loan.paidOut) return "paidOut"
  if (loan.signedWithMethod !== undefined) return "signed"
  return loan.waitingForAddition ? "waitingForAddition" : "approved"
}

/**
 * The body of the change's callback, without a signature, in the form that the bank's page shows. `undefined` if the
 * change causes no callback.
 */
export function callbackEvent(loan: BankLoan, change: BankChange): object | undefined {
  const { reference: applicationReference } = loan
  switch (change.type) {
    case "decided":
      return {
        applicationReference,
        applicationEventType: "CREDIT_DECISION_UPDATED",
        creditDecision:
          change.decision === "APPROVED"
            ? { creditDecision: "APPROVED", ...jsonOffer(loan.offer) }
            : { creditDecision: "REJECTED", approvedAmount: 0 },
      }
    case "requoted":
      return {
        applicationReference,
        applicationEventType: "CREDIT_DECISION_UPDATED",
        creditDecision: { creditDecision: "APPROVED", ...jsonOffer(change.offer) },
      }
    case "additionRequested":
      return {
        requiredDocuments: change.documents,
        applicationReference,
        applicationEventType: "WAITING_FOR_ADDITION",
      }
    case "additionReceived":
    case "expired":
    case "reinspected":
      return undefined
    case "signed":
      return { applicationReference, applicationEventType: "SIGNED" }
    case "paidOut":
      return { applicationReference, applicationEventType: "PAID_OUT" }
  }
}

/**
 * The bank sends amounts as JSON numbers. The sandbox's amounts are so short that a JavaScript number holds them
 * exactly.
 */
const jsonOffer = (offer: Offer): object =>
  Object.fromEntries(
    Object.entries(offer).map(([name, value]) => [name, typeof value === "string" ? Number(value) : value]),
  )
