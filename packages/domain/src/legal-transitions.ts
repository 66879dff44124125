/**
 * The contract: the stages of a loan, and every step that it may ever take. This table is separate data, so that it can
 * be read, signed and compared. The machine in loan-machine.ts is written independently and must obey it.
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
 * The loan's stage: a pure function of its facts. `disputed` means that the bank said things that cannot all be true. A
 * person, or the bank itself, must rule.
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
