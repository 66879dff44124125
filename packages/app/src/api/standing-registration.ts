import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { ApplicationReference, Observation } from "@loan-engine/domain/observation"
import { DateTime, Effect } from "effect"
import type { LoanEngine } from "../record/engine.ts"
import type { StoredEntry } from "../journal/entry.ts"
import type { Problem } from "../contract/problem.ts"
import { loanPath } from "../contract/reference-in-path.ts"

/** The entry of the registration that stands: the first that was not held. */
const standingRegistration = (entries: ReadonlyArray<StoredEntry>): StoredEntry | undefined =>
  entries.find(({ source, hold }) => source === "submission" && hold === null)

/** How many entries are read at once to find it: it is among a loan's first. */
const pageRows = 50

/** The registration that stands in a loan's journal, which may be long. */
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

/** Whether both say the same of the decision and its offer, whenever they said it. */
export const saysTheSame = (
  standing: Pick<Observation, "events">,
  other: Pick<Observation, "events">,
): boolean => wordOf(standing) === wordOf(other)

const wordOf = ({ events }: Pick<Observation, "events">): string =>
  canonicalJson(events.map((event) => ({ ...event, at: 0 })))

/** The bank's name of what a registration's event says. */
const decisions: { readonly [Type in LoanEvent["type"]]?: string } = {
  "decision.pending": "MANUAL_INSPECTION",
  "decision.approved": "APPROVED",
  "decision.rejected": "REJECTED",
}

const saidBy = ({ events }: Pick<Observation, "events">): string => {
  const [decision] = events.flatMap(({ type }) => decisions[type] ?? [])
  return decision === undefined ? "had no decision that can be read" : `said ${decision}`
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
      `The first registration stands. It was received at ${when} and ${saidBy(standing)}. ` +
      `The loan's stage is ${stage}. Nothing was changed. ` +
      "What the bank decides later comes by its callbacks and polls: do not register it.",
    headers: { location: loanPath(reference) },
  }
}
