/**
 * The contract: the stages of a loan, and every step that a loan may take. The table is data, so that people can
 * read, sign and compare it. The machine in loan-machine.ts is written independently of the table and must obey it.
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
 * The stage of a loan. It depends on the loan's facts alone. `disputed` means that the bank's statements contradict
 * each other. A person or the bank itself must rule.
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
