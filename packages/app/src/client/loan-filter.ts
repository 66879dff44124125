import type { LoanJson } from "../contract/loan-schemas.ts"

/** Selects the loans that match all of these members. */
export interface LoanListFilter {
  /** The beginning of the application reference. */
  readonly reference?: string
  readonly stage?: LoanJson["stage"]
  readonly account?: string
  readonly additionOutstanding?: boolean
  readonly disputed?: boolean
  readonly stalled?: boolean
  readonly closed?: boolean
  readonly dormant?: boolean
  /** Your own name for the application, from its registration. */
  readonly externalReference?: string
}

/** The members of a loan that a filter reads. */
export type Filtered = Pick<
  LoanJson,
  "stage" | "account" | "additionOutstanding" | "stalled" | "closed" | "dormant"
> & { readonly applicationReference: string; readonly externalReference?: string | null | undefined }

export function meets(loan: Filtered, filter: LoanListFilter): boolean {
  const { reference = "", externalReference, stage, account, additionOutstanding } = filter
  const { disputed, stalled, closed, dormant } = filter
  if (!loan.applicationReference.startsWith(reference)) return false
  if (externalReference !== undefined && loan.externalReference !== externalReference) return false
  if (stage !== undefined && loan.stage !== stage) return false
  if (account !== undefined && loan.account !== account) return false
  if (additionOutstanding !== undefined && loan.additionOutstanding !== additionOutstanding) return false
  if (disputed !== undefined && (loan.stage === "disputed") !== disputed) return false
  if (closed !== undefined && loan.closed !== closed) return false
  if (dormant !== undefined && loan.dormant !== dormant) return false
  return stalled === undefined || loan.stalled === stalled
}
