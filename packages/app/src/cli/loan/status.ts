import { stages } from "@loan-engine/domain/legal-transitions"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { loanJson } from "../../views/loan-json.ts"
import { knownAccountsOf, operatorConfigFromEnvironment } from "../../config/config.ts"
import { JournalStore } from "../../ports/journal-store.ts"
import type { StoredLoan, StoreUnavailable } from "../../ports/loan-store.ts"
import { LoanStore } from "../../ports/loan-store.ts"
import { knownLoan } from "../../record/known-loan.ts"
import { reference } from "./argument.ts"
import { readingEngine } from "../open-store.ts"
import { facts, isoOrDash, jsonFlag, print, table } from "../output.ts"

/** `loan-engine status [reference]`: the state of one loan, or how many loans are in each stage. */
export const status = Command.make(
  "status",
  { reference: Argument.optional(reference), json: jsonFlag },
  Effect.fn(function* (options) {
    if (Option.isNone(options.reference)) return yield* summary(options.json)
    const stored = yield* knownLoan(options.reference.value)
    const shown = loanJson(stored, knownAccountsOf(yield* operatorConfigFromEnvironment))
    return yield* print(options.json, shown, loanLines(stored, shown))
  }, Effect.provide(readingEngine)),
).pipe(
  Command.withDescription(
    "Show the state of a loan; without a reference, how many loans there are at each stage",
  ),
)

function loanLines(
  { loan, schedule }: StoredLoan,
  shown: ReturnType<typeof loanJson>,
): ReadonlyArray<string> {
  const { additionOutstanding, requiredDocuments, offer, signing, next } = shown
  return facts([
    ["loan", loan.applicationReference],
    ["account", loan.account],
    ["stage", loan.stage],
    ["registered", loan.registered ? "yes" : "no: only callbacks have named it"],
    ["waits for", next.actor === "nobody" ? "nobody" : `${next.actor}: ${next.action}`],
    ["documents", additionOutstanding ? `outstanding: ${requiredDocuments.join(", ") || "not named"}` : "-"],
    ["offer", offer === null ? "-" : JSON.stringify(offer)],
    ["currency", shown.currency ?? "-"],
    ["signed", signing.signed ? `yes${signing.method === null ? "" : `, ${signing.method}`}` : "no"],
    ["signing", signing.timeline.map(signingStep).join("; ") || "-"],
    ["closed", closing(shown)],
    ["version", String(loan.version)],
    ["next poll", schedule.nextPollAt === null ? "none" : isoOrDash(schedule.nextPollAt)],
    ["bank last asked", shown.lastAskedAt ?? "-"],
    ["bank last heard", shown.lastHeardFromBankAt ?? "-"],
    ["stalled", schedule.stalled ? "yes" : "no"],
    [
      "dormant",
      shown.dormant
        ? "yes: the bank has said nothing new for a long time, so the engine polls rarely or no more"
        : "no",
    ],
    ["suggestion", shown.suggestion === "close" ? "close it, if nobody pursues it: loan-engine close" : "-"],
  ])
}

const signingStep = ({
  what,
  method,
  heardAt,
}: ReturnType<typeof loanJson>["signing"]["timeline"][number]): string => {
  const told = what === "requested" ? `${method} wanted` : what === "method" ? `by ${method}` : "signed"
  return `${told} at ${heardAt}`
}

function closing({ closure }: ReturnType<typeof loanJson>): string {
  if (closure === null) return "no"
  const { reason, by, at, note } = closure
  const said = note === null ? "" : `: ${JSON.stringify(note)}`
  return `yes, ${reason}, by ${JSON.stringify(by)} at ${at}${said}`
}

const summary = Effect.fnUntraced(function* (
  asJson: boolean,
): Effect.fn.Return<void, StoreUnavailable, LoanStore | JournalStore> {
  const store = yield* LoanStore
  const journal = yield* JournalStore
  const accounts = yield* Effect.forEach(yield* store.accounts, accountSummary)
  const seal = yield* journal.lastCheckpoint
  const sealed = seal === undefined ? null : { checkpoint: seal.number, position: seal.position }
  yield* print(asJson, { accounts, sealed }, [
    ...table(
      ["account", ...stages, "closed", "stalled"],
      accounts.map(({ account, stages: at, closed, stalled }) =>
        [String(account)].concat(
          stages.map((stage) => String(at[stage] ?? 0)),
          String(closed),
          String(stalled),
        ),
      ),
    ),
    sealed === null
      ? "the journal is not sealed yet"
      : `the journal is sealed to position ${sealed.position} by checkpoint ${sealed.checkpoint}`,
  ])
})

const accountSummary = Effect.fnUntraced(function* (account: AccountName) {
  const store = yield* LoanStore
  const counts = yield* store.stageCounts(account)
  const at: { [stage: string]: number } = {}
  let closed = 0
  for (const count of counts) {
    if (count.loans > 0) at[count.stage] = count.loans
    closed += count.closed
  }
  return { account, stages: at, closed, stalled: yield* store.stalledCount(account) }
})
