import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Schema } from "effect"
import type { StoredLoan, StoreUnavailable } from "../ports/loan-store.ts"
import { LoanEngine } from "./engine.ts"

/** No loan has this reference: nobody has registered it, and no callback has named it. */
export class LoanUnknown extends Schema.TaggedError<LoanUnknown>()("LoanUnknown", {
  applicationReference: Schema.String,
}) {
  override get message(): string {
    return `No loan ${this.applicationReference} is known: nobody has registered it, and no callback has named it.`
  }
}

export const knownLoan = Effect.fnUntraced(function* (
  applicationReference: ApplicationReference,
): Effect.fn.Return<StoredLoan, LoanUnknown | StoreUnavailable, LoanEngine> {
  const engine = yield* LoanEngine
  const stored = yield* engine.loan(applicationReference)
  return stored ?? (yield* new LoanUnknown({ applicationReference }))
})
