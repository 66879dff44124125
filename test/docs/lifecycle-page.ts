import { bankActs, closable, horizonOf } from "@loan-engine/app/schedule/dormancy"
import { horizonsDefault } from "@loan-engine/app/schedule/poll-cadence"
import { ClosureReason } from "@loan-engine/domain/closure"
import { legalTransitions, stages } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type { Loan } from "@loan-engine/domain/loan"
import { loanEventTypes } from "@loan-engine/domain/loan-event"
import type { LoanEvent, LoanEventType } from "@loan-engine/domain/loan-event"
import { loanView } from "@loan-engine/domain/loan-view"
import { reversals } from "@loan-engine/domain/reversal"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"

const reference = ApplicationReference.make("ABC-123")
const account = AccountName.make("se")

const closedFor: { readonly [Reason in ClosureReason]: string } = {
  withdrawn: "the customer does not want the loan any more",
  expired: "what was offered is not good any more",
  superseded: "another application took its place",
  duplicate: "it was sent twice",
  other: "something else; the note says what",
}

const heard: { readonly [Type in LoanEventType]: (at: number) => LoanEvent } = {
  "decision.pending": (at) => ({ type: "decision.pending", at }),
  "decision.approved": (at) => ({ type: "decision.approved", at }),
  "decision.rejected": (at) => ({ type: "decision.rejected", at }),
  "addition.requested": (at) => ({ type: "addition.requested", at }),
  "addition.cleared": (at) => ({ type: "addition.cleared", at }),
  "agreement.signed": (at) => ({ type: "agreement.signed", at }),
  "loan.paidOut": (at) => ({ type: "loan.paidOut", at }),
  "dispute.ruled": (at) => ({
    type: "dispute.ruled",
    at,
    decision: "approved",
    by: "operator",
    reason: "as told",
  }),
  "loan.closed": (at) => ({
    type: "loan.closed",
    at,
    closedFor: "withdrawn",
    by: "operator",
  }),
  "loan.reopened": (at) => ({ type: "loan.reopened", at, by: "operator" }),
}

const saidOf: { readonly [Type in LoanEventType]: string } = {
  "decision.pending": "the bank looks into it by hand",
  "decision.approved": "the bank approves, with an offer where it says one",
  "decision.rejected": "the bank rejects",
  "addition.requested": "the bank waits for documents",
  "addition.cleared": "the bank waits for none any more (only a poll can say so)",
  "agreement.signed": "the customer has signed",
  "loan.paidOut": "the loan is paid out",
  "dispute.ruled": "an operator has ruled; here: approved",
  "loan.closed": "nobody pursues the application any more; the stage stays what the bank says",
  "loan.reopened": "somebody does again",
}

/** What each stage is reached by, at its plainest. */
const reachedBy: { readonly [Where in Stage]: ReadonlyArray<LoanEventType> } = {
  submitted: [],
  manualInspection: ["decision.pending"],
  approved: ["decision.approved"],
  rejected: ["decision.rejected"],
  waitingForAddition: ["decision.approved", "addition.requested"],
  signed: ["decision.approved", "agreement.signed"],
  paidOut: ["decision.approved", "agreement.signed", "loan.paidOut"],
  disputed: ["decision.approved", "decision.rejected"],
}

const hear = (loan: Loan, type: LoanEventType) =>
  observe(loan, {
    applicationReference: reference,
    account,
    source: "callback",
    evidence: "credentials",
    receivedAt: loan.version + 1,
    events: [heard[type](loan.version + 1)],
  })

function loanAt(stage: Stage): Loan {
  const reached = reachedBy[stage].reduce((loan, type) => hear(loan, type).loan, openLoan(reference, account))
  if (reached.stage !== stage) throw new Error(`${stage} is not reached by ${reachedBy[stage].join(", ")}`)
  return reached
}

/** What the machine makes of an event: where it walks, with the steps that nothing said in words in italics. */
function outcome(stage: Stage, type: LoanEventType): string {
  const { disposition, steps } = hear(loanAt(stage), type)
  if (steps.length === 0) return disposition === "repeated" ? "·" : disposition
  return steps.map(({ to, inferred }) => (inferred ? `→ _${to}_` : `→ ${to}`)).join(" ")
}

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

/** The lifecycle as the machine has it: nothing on this page is written by hand but its words. */
export const lifecyclePage = (): string => `# The lifecycle

This page is written from the code by \`npx -y pnpm@12 test test/docs -u\`: its tables are what the machine does.

![the stages and the steps between them](lifecycle/lifecycle.svg)

Every event first joins what is known of the loan, in whatever stage it comes; then the machine walks legal steps, guarded by what is known
alone, until none is open. So the order in which events arrive cannot matter, and none is ever dropped.

## Steps

${table(
  ["from", "to"],
  stages.map((from) => [from, legalTransitions[from].join(", ")]),
)}

Nothing else ever happens: \`npx -y pnpm@12 compliance\` proves it. A contradiction (approved, signed or paid out, and rejected as well) leads to
\`disputed\`, which only a ruling or the bank's own fresh answer leaves.

The bank may think again: it revokes an approval, re-opens a rejected loan, or inspects a decided one again. Its answer to the engine's own question
(getApplicationQuote) counts whatever it says, also if that is MANUAL_INSPECTION. Such a reversal always leads through \`disputed\`, so that
it shows in the loan's history. There, in the change feed and in the console, the entry that settles the dispute names it (\`reversal\`):

${table(
  ["name", "the dispute was entered from", "and left for"],
  Object.entries(reversals).map(([to, { name, enteredFrom }]) => [`\`${name}\``, enteredFrom.join(", "), to]),
)}

If the loan ends where it stood before the dispute, nothing was reversed and \`reversal\` is \`null\`.

## Whose word counts

What the merchant hands over when it registers a loan (the bank's answer to the submission) has the evidence \`merchant\`. It counts only until
the bank itself has spoken of the decision, by callback or when it is asked. From then on the bank's word stands alone: a late registration, or one that
says something else, moves nothing. If the bank's first word is another one, the loan goes there through \`disputed\`, in one entry of its history.
The engine asks the bank for its own word, with the first poll. The offer that was handed over is shown until the bank names one.

## What is said again

While a loan waits, the engine goes on asking the bank. An answer that says nothing new leaves no entry, no version, no change in the feed and no
webhook. It only moves \`lastHeardFromBankAt\` and \`lastAskedAt\`. The next entry of anything else carries what was said again, in \`levels\`: so a callback that is
older than such an answer is judged by it.

## Who must act

${table(
  ["stage", "who", "what is waited for"],
  stages.map((stage) => {
    const { actor, action } = loanView(loanAt(stage)).next
    return [stage, actor, action]
  }),
)}

While documents are outstanding, the customer must send them, whatever else the stage waits for.

Nothing is outstanding of a loan that is rejected, paid out or closed.

A callback has no time of its own, so one that speaks against what stands may be a stale re-delivery: a verdict, a signature of a rejected
loan, MANUAL_INSPECTION after a verdict, or an offer that no longer stands. The engine asks the bank at once, also if it had confirmed the loan's end. Until
the bank has answered, a dispute is the bank's turn (\`confirm-decision\`), and so is a loan that a callback says is inspected again. A person
must rule (\`rule-on-dispute\`) in three cases:

- The loan's account has no bank that the engine could ask.
- The bank gives no answer, \`pollConfirmAttemptsMax\` times in a row, or wants to be left alone for longer than that would take. The loan then
  counts as stalled. The engine goes on asking.
- The bank's own answers contradict each other: its status says paid out, and its quote, asked since the pay-out was first heard of, says rejected, or
  inspected. No decision of the bank's overrules
  money that has left. The loan stays \`disputed\`, and the bank is asked again, until its answers agree or a person rules. If the
  person rejects the loan, the pay-out counts as overruled, and the bank's next answers do not bring the dispute back.

While the engine asks about a former offer, or about an inspection that was heard of before the decision, \`next\` stays as it was. No new fact
speaks against what stands; the callback is most likely a stale re-delivery. The customer must not be kept from signing for it.

## Documents

Requests add up: what the bank asks for in one callback is asked for beside what it asked for before, until it says that it waits for nothing any
more. Only its answer to a poll can say so. The bank's read replicas may lag, so an answer counts only if it was asked for later than
\`additionGraceMs\` (a minute) after the request. The engine asks again as soon as it would.

## Offers

\`offer\` is the one that stands: the newest that was first heard, or what the bank last named when it was asked. If a former offer is heard again, the
bank is asked at once. \`offers\` has all that were heard of, the newest last, ten at most. \`signing.offer\` is what the customer has
signed: the newest that was known at the signature. A later offer is shown, and changes nothing signed.

## Closed loans

Customers withdraw, offers expire, and one application takes the place of another. The bank tells nobody. So a person can close a loan: with
\`loan-engine close <reference> withdrawn\`, by \`POST /v1/loans/{reference}/close\`, in the console, or with \`closeLoan\` in code. The reasons are:

${table(
  ["reason", "what it says"],
  ClosureReason.literals.map((reason) => [`\`${reason}\``, closedFor[reason]]),
)}

- A closed loan is nobody's verdict. Its stage goes on being what the bank says.
- Nobody has anything left to do (\`next\`), and the loan is in no list of disputed or stalled loans.
- The bank is asked about it once a month, for \`closedMonthlyDays\` (180 days; 0 for not at all). A callback that speaks against what stands is confirmed as ever.
- If the bank goes further than was known when the loan was closed, the loan is open again: an approval, an offer, a signature, a pay-out, or a
  request for documents that was not known. The entry in its history says \`reopened\`. What only repeats the known leaves it closed.
- A person opens it again with \`loan-engine reopen\`, \`POST …/reopen\`, the console, or \`reopenLoan\`.

The journal keeps who closed it, why, their note, and the key or user that the word came through.

## A loan on which nothing happens

Each stage has a horizon. If nobody has said anything new of a loan for that long, the loan is _dormant_ (\`dormant\`): the bank is asked about it
every week, later every month, then no more. Any callback wakes it. The engine closes no loan by itself; it suggests it (\`suggestion\`) where nobody has signed.
Where the bank has to act, the loan counts as stalled too, because somebody should ask the bank.

${table(
  ["stage", "horizon", "then"],
  (["submitted", "manualInspection", "approved", "waitingForAddition", "signed", "disputed"] as const).map(
    (stage) => [
      stage,
      `${horizonsDefault[horizonOf[stage]]} days (\`${horizonOf[stage]}\`)`,
      [bankActs.has(stage) ? "stalled" : undefined, closable.has(stage) ? "closing is suggested" : undefined]
        .filter((told) => told !== undefined)
        .join("; "),
    ],
  ),
)}

\`loan-engine dormant\` lists these loans. [When the bank is asked](polling.md) tells what it costs.

## What each event does

${table(
  ["event", "what was said"],
  loanEventTypes.map((type) => [`\`${type}\``, saidOf[type]]),
)}

Where a loan stands plainly at a stage, an event heard later does this: \`→\` a step, in italics one that nothing said in words (it is
implied, and journaled as inferred); \`noted\` a new fact and no step; \`·\` nothing that was not known.

${table(
  ["stage", ...loanEventTypes.map((type) => `\`${type}\``)],
  stages.map((stage) => [stage, ...loanEventTypes.map((type) => outcome(stage, type))]),
)}
`
