import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { ApplicationReference, Observation } from "@loan-engine/domain/observation"
import { DateTime, Effect } from "effect"
import type { LoanEngine } from "../record/engine.ts"
import type { StoredEntry } from "../journal/entry.ts"
import type { Problem } from "../contract/problem.ts"
import { loanPath } from "../contract/reference-in-path.ts"

/** The first registration that was not held. It is the valid one. */
const standingRegistration = (entries: ReadonlyArray<StoredEntry>): StoredEntry | undefined =>
  entries.find(({ source, hold }) => source === "submission" && hold === null)

/** How many entries are read at once. The registration is usually among a loan's first entries. */
const pageRows = 50

/** Finds the valid registration in a loan's journal, page by page, because the journal may be long. */
export const findStanding = Effect.fnUntraced(function* (
  engine: LoanEngine["Service"],
  reference: ApplicationReference,
) {
  for (let after = 0; ;) {
    const page = yield* engine.history(reference, { after, limit: pageRows })
    const standing = standingRegistration(page)
    const last = page.at(-1)
    if (standing !== undefined || last === undefined) return standing
    after = last.version
  }
})

/** Whether two registrations have the same decision and offer. Their times may differ. */
export const saysTheSame = (
  standing: Pick<Observation, "events">,
  other: Pick<Observation, "events">,
): boolean => wordOf(standing) === wordOf(other)

const wordOf = ({ events }: Pick<Observation, "events">): string =>
  canonicalJson(events.map((event) => ({ ...event, at: 0 })))

/** The bank's name for the decision in a registration's event. */
const decisions: { readonly [Type in LoanEvent["type"]]?: string } = {
  "decision.pending": "MANUAL_INSPECTION",
  "decision.approved": "APPROVED",
  "decision.rejected": "REJECTED",
}

const saidBy = ({ events }: Pick<Observation, "events">): string => {
  const [decision] = events.flatMap(({ type }) => decisions[type] ?? [])
  return decision === undefined ? "had no readable decision" : `said ${decision}`
}

export const otherRegistration = (
  standing: StoredEntry,
  stage: Stage,
  reference: ApplicationReference,
): Problem => {
  const when = DateTime.formatIso(DateTime.makeUnsafe(standing.receivedAt))
  return {
    code: "registration-mismatch",
    detail:
      `The first registration remains valid. It was received at ${when} and ${saidBy(standing)}. ` +
      `The loan's stage is ${stage}. Nothing was changed. ` +
      "The engine receives later decisions by the bank's callbacks and by polls: do not register them.",
    headers: { location: loanPath(reference) },
  }
}
