/**
 * The contract: where a loan can stand, and every step it may ever take. This table is data of its own, so that it can be
 * read, signed and compared; the machine in loan-machine.ts is written apart from it and must obey it.
 */
export const stages = [
  "submitted",
  "manualInspection",
  "approved",
  "rejected",
  "waitingForAddition",
  "signed",
  "paidOut",
  "disputed",
] as const

/**
 * Where the loan stands: a pure function of its facts. `disputed` means that the bank has said things that cannot all be
 * true: a person, or the bank itself, must rule.
 */
export type Stage = (typeof stages)[number]

export const legalTransitions: { readonly [From in Stage]: ReadonlyArray<Stage> } = {
  submitted: ["manualInspection", "approved", "rejected", "disputed"],
  manualInspection: ["approved", "rejected", "disputed"],
  approved: ["waitingForAddition", "signed", "disputed"],
  rejected: ["disputed"],
  waitingForAddition: ["approved", "signed", "disputed"],
  signed: ["paidOut", "disputed"],
  paidOut: ["disputed"],
  disputed: ["approved", "rejected", "manualInspection"],
}

export const isLegal = (from: Stage, to: Stage): boolean => legalTransitions[from].includes(to)
