export { loanClient } from "./client/loan-client.ts"
export type { LoanClient } from "./client/loan-client.ts"
export type {
  CloseOptions,
  LoanCalls,
  LoanClientOptions,
  LoanPageOptions,
  RuleOptions,
  SubmissionJson,
} from "./client/calls.ts"
export type { LoanListFilter } from "./client/loan-filter.ts"
export type { ChangesSnapshot } from "./client/watch-changes.ts"
export type { LoanSnapshot, LoansSnapshot } from "./client/watch-loans.ts"
export type { Watch, WatchState, WatchStatus } from "./client/watch.ts"
export type {
  ChangeJson,
  ClosingJson,
  EntryJson,
  LoanJson,
  LoanPage,
  PolledJson,
  ReopeningJson,
  RuledJson,
  RulingJson,
} from "./contract/loan-schemas.ts"
export { LoanApiError } from "./client/loan-api-error.ts"
export type { AccountJson, KeyJson } from "./contract/account-schemas.ts"
export type { WebhookPayload } from "./contract/webhook-payload.ts"
export type { ProblemDocument } from "./contract/problems.ts"
