import type { LoanFilter, StoredLoan } from "../../ports/loan-store.ts"
import { LoanStore } from "../../ports/loan-store.ts"
import { isClosed, lastWordAt } from "@loan-engine/domain/standing"
import { Effect, Schema } from "effect"
import { operatorConfigFromEnvironment } from "../../config/config.ts"
import { isClosable, isDormant } from "../../schedule/dormancy.ts"
import type { CadenceSettings } from "../../schedule/poll-cadence.ts"
import { Command, Flag } from "effect/cli"
import { readingStore } from "../open-store.ts"
import { isoOrDash, jsonFlag, print, table } from "../output.ts"

const limit = Flag.Int("limit").pipe(
  Flag.withDescription("How many to list at most; 0 lists all"),
  Flag.withSchema(Schema.Natural),
  Flag.withDefault(100),
)

/** How many rows are read at once. */
const pageRowsMax = 500

/** The loans of all accounts that match the filter, up to the limit. */
const listed = Effect.fnUntraced(function* (
  only: LoanFilter | undefined,
  belongs: (stored: StoredLoan) => boolean,
  limitMax: number,
) {
  const store = yield* LoanStore
  const found: Array<StoredLoan> = []
  const wanted = limitMax === 0 ? Infinity : limitMax
  for (const account of yield* store.accounts) {
    for (let after = ""; found.length < wanted;) {
      const page = yield* store.loans({
        account,
        ...(only === undefined ? {} : { only }),
        after,
        limit: pageRowsMax,
      })
      found.push(...page.filter(belongs).slice(0, wanted - found.length))
      const last = page.at(-1)
      if (last === undefined) break
      after = last.loan.applicationReference
    }
  }
  return found
})

const listCommand = (
  name: string,
  description: string,
  only: LoanFilter | undefined,
  belongs: (stored: StoredLoan, cadence: CadenceSettings) => boolean,
  head: ReadonlyArray<string>,
  row: (stored: StoredLoan) => ReadonlyArray<string>,
  none: string,
) =>
  Command.make(
    name,
    { limit, json: jsonFlag },
    Effect.fn(function* (options) {
      const { poller } = yield* operatorConfigFromEnvironment
      const loans = yield* listed(only, (stored) => belongs(stored, poller.cadence), options.limit)
      const values = loans.map(({ loan, schedule }) => ({
        applicationReference: loan.applicationReference,
        account: loan.account,
        stage: loan.stage,
        version: loan.version,
        stalled: schedule.stalled,
        attempts: schedule.attempts,
        nextPollAt: schedule.nextPollAt === null ? null : isoOrDash(schedule.nextPollAt),
        facts: loan.facts,
      }))
      yield* print(options.json, values, loans.length === 0 ? [none] : table(head, loans.map(row)))
    }, Effect.provide(readingStore)),
  ).pipe(Command.withDescription(description))

const isOpen = ({ loan }: StoredLoan): boolean => !isClosed(loan.facts)

/** `loan-engine disputes`: the loans about which the bank's statements contradict each other. */
export const disputes = listCommand(
  "disputes",
  "List the loans on which a person, or the bank itself, must rule",
  { stage: "disputed" },
  isOpen,
  ["loan", "account", "version", "approved", "signed", "paid out", "rejected", "ruled"],
  ({ loan: { applicationReference, account, version, facts } }) => [
    applicationReference,
    account,
    String(version),
    isoOrDash(facts.approvedAt),
    isoOrDash(facts.signedAt),
    isoOrDash(facts.paidOutAt),
    isoOrDash(facts.rejectedAt),
    facts.ruling === null ? "-" : `${facts.ruling.decision} at ${isoOrDash(facts.ruling.at)}`,
  ],
  "no loan is in dispute",
)

/** `loan-engine stalled`: the loans that a person should look at. */
export const stalled = listCommand(
  "stalled",
  "List the stalled loans: a person should look at them",
  { stalled: true },
  isOpen,
  ["loan", "account", "stage", "polls without news", "next poll"],
  ({ loan, schedule }) => [
    loan.applicationReference,
    loan.account,
    loan.stage,
    String(schedule.attempts),
    isoOrDash(schedule.nextPollAt),
  ],
  "no loan is stalled",
)

/** `loan-engine dormant`: the loans about which the bank has reported nothing new for a long time. */
export const dormant = listCommand(
  "dormant",
  "List the loans about which the bank has said nothing new for a long time: close them, or ask the bank",
  undefined,
  ({ loan, schedule }, cadence) => isDormant(loan, schedule, cadence),
  ["loan", "account", "stage", "last said", "next poll", "suggestion"],
  ({ loan, schedule }) => [
    loan.applicationReference,
    loan.account,
    loan.stage,
    isoOrDash(lastWordAt(loan.facts)),
    isoOrDash(schedule.nextPollAt),
    isClosable(loan) ? "close" : "-",
  ],
  "no loan is dormant",
)
