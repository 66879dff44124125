import { bankActs, closable, horizonOf } from "@loan-engine/app/schedule/dormancy"
import { horizonsDefault } from "@loan-engine/app/schedule/poll-cadence"
import { ClosureReason } from "@loan-engine/domain/closure"
import { lifecycleMermaid } from "./lifecycle-picture.ts"
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
  withdrawn: "the customer no longer wants the loan",
  expired: "the offer has expired",
  superseded: "another application took its place",
  duplicate: "the application was sent twice",
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
  "decision.pending": "the bank inspects the application by hand",
  "decision.approved": "the bank approves, with an offer if it names one",
  "decision.rejected": "the bank rejects",
  "addition.requested": "the bank waits for documents",
  "addition.cleared": "the bank waits for no documents any more (only a poll can say so)",
  "agreement.signed": "the customer has signed",
  "loan.paidOut": "the loan is paid out",
  "dispute.ruled": "an operator has ruled; here: approved",
  "loan.closed": "a person has closed the loan; the stage stays what the bank says",
  "loan.reopened": "a closed loan is open again",
}

/** The simplest events that lead to each stage. */
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

/** What the machine does with an event: the steps it takes, with inferred steps in italics. */
function outcome(stage: Stage, type: LoanEventType): string {
  const { disposition, steps } = hear(loanAt(stage), type)
  if (steps.length === 0) return disposition === "repeated" ? "·" : disposition
  return steps.map(({ to, inferred }) => (inferred ? `→ _${to}_` : `→ ${to}`)).join(" ")
}

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

/** The lifecycle of the machine: only the words of this page are written by hand. */
export const lifecyclePage = (): string => `# The lifecycle

This page is written from the code by \`npx -y pnpm@12 test test/docs -u\`: its tables and its diagram show what the machine does.

\`\`\`mermaid
${lifecycleMermaid()}\`\`\`

The same as [a picture](lifecycle/lifecycle.svg). \`docs/lifecycle/loan-machine.js\` opens in XState's visualizer.

Every event first joins the facts about the loan, at any stage. Then the machine takes legal steps until none is enabled. Only the facts guard
these steps. So the order in which events arrive does not matter, and no event is dropped.

## Steps

${table(
  ["from", "to"],
  stages.map((from) => [from, legalTransitions[from].join(", ")]),
)}

No other step ever happens: \`npx -y pnpm@12 compliance\` proves it. A contradiction (approved, signed or paid out, and also rejected) leads to
\`disputed\`. Only a ruling or the bank's fresh answer leaves \`disputed\`.

The bank may change its mind: it revokes an approval, reopens a rejected loan, or inspects a decided loan again. Its answer to the engine's
question (getApplicationQuote) always counts, even if it is MANUAL_INSPECTION. Such a reversal always goes through \`disputed\`, so it
shows in the loan's history. There, in the change feed and in the console, the entry that settles the dispute names the reversal (\`reversal\`):

${table(
  ["name", "stage before the dispute", "stage after it"],
  Object.entries(reversals).map(([to, { name, enteredFrom }]) => [`\`${name}\``, enteredFrom.join(", "), to]),
)}

If the loan returns to its stage before the dispute, nothing was reversed and \`reversal\` is \`null\`.

## Whose word counts

When the merchant registers a loan, it passes on the bank's answer to the submission. That answer has the evidence \`merchant\`. It counts only
until the bank itself has spoken of the decision, by callback or in answer to a poll. From then on only the bank's word counts: a late or
different registration changes nothing. If the bank's first word differs, the loan goes there through \`disputed\`, in one entry of its
history. The engine's first poll asks for the bank's own word. The offer of the registration is shown until the bank names one.

## Repeated answers

While a loan waits, the engine keeps polling the bank. An answer that says nothing new leaves no entry, no version, no change in the feed and no
webhook. It only moves \`lastHeardFromBankAt\` and \`lastAskedAt\`. The next entry of anything else carries what was said again, in \`levels\`.
So a callback that is older than such an answer is judged by that answer.

## Who must act

${table(
  ["stage", "who", "next action"],
  stages.map((stage) => {
    const { actor, action } = loanView(loanAt(stage)).next
    return [stage, actor, action]
  }),
)}

While documents are outstanding, the customer must send them, even if the stage waits for something else. For a loan that is rejected, paid out or closed, no documents
are outstanding.

A callback carries no time. So a callback against the current state may be a stale redelivery: a verdict, a signature of a rejected loan,
MANUAL_INSPECTION after a verdict, or an offer that is no longer valid. The engine polls the bank at once, even if the bank had confirmed
the loan's end. Until the bank answers, the bank must act on a dispute (\`confirm-decision\`), and on a loan that a callback
reports as inspected again. If the answer denies the callback, a read replica of the bank may not know it yet. So the engine polls once more,
as soon as \`additionGraceMs\` (a minute) has passed since the callback. A person must rule (\`rule-on-dispute\`) in three cases:

- The loan's account has no bank that the engine could poll.
- The bank does not answer \`pollConfirmAttemptsMax\` times in a row, or its Retry-After is longer than those attempts would take. The loan
  is then stalled. The engine keeps polling.
- The bank's answers contradict each other: its status says paid out, and its quote says rejected or inspected, although the engine asked for
  the quote after it first heard of the pay-out. No decision of the bank overrules money that has left. The loan stays \`disputed\`, and the
  engine polls the bank until its answers agree or a person rules. If the person rejects the loan, the pay-out counts as overruled, and
  the bank's next answers do not bring the dispute back.

While the engine asks about a former offer, or about an inspection that it heard of before the decision, \`next\` does not change. No new fact
contradicts the current state, and the callback is most likely a stale redelivery. It must not keep the customer from signing.

## Documents

Requests add up. What the bank asks for in one callback is added to what it asked for before, until the bank says that it waits for nothing any
more. Only its answer to a poll can say so. The bank's read replicas may lag, so an answer counts only if the engine asked later than
\`additionGraceMs\` (a minute) after the request. The engine polls again as soon as an answer would count.

## Offers

\`offer\` is the current offer: the newest that was first heard, or the one that the bank last named in answer to a poll. If a callback repeats a
former offer, the engine polls the bank at once. \`offers\` lists the offers that the engine heard of, the newest last, ten at most.
\`signing.offer\` is what the customer signed: the newest offer that was known at the signature. A later offer is shown, and does not
change what was signed.

## Signing

\`signing.timeline\` shows what the bank said about the signature, in order of time. The bank uses different words in different places:

| entry | where the bank says it | its words |
| --- | --- | --- |
| \`requested\` | its status: how the customer wants to sign | \`E_SIGN\`, \`MANUAL\` |
| \`signed\` | its callback SIGNED, or its status | no method |
| \`method\` | its status: how the customer has signed | \`E_SIGN\`, \`ANALOG\` |

\`MANUAL\` and \`ANALOG\` both mean on paper. The application form says \`MAIL\` for it; the engine does not read forms.

## Late callbacks and wrong clocks

The bank retries a callback for up to 36 hours. So if a poll brings news first, its callback is \`awaited\`, and it is \`missed\` only after
that time. A callback that arrives later with known news is \`late\`. \`loan-engine callback health\` and the console's page of callbacks show these figures.

A signed callback contains the bank's time. The engine never dates it later than its receipt. A request for documents that seems to be less than
15 minutes old is dated by its receipt, because the bank's clock may be behind.

## Closed loans

Customers withdraw, offers expire, and one application replaces another. The bank reports none of this. So a person can close a loan: with
\`loan-engine close <reference> withdrawn\`, by \`POST /v1/loans/{reference}/close\`, in the console, or with \`closeLoan\` in code. The reasons are:

${table(
  ["reason", "meaning"],
  ClosureReason.literals.map((reason) => [`\`${reason}\``, closedFor[reason]]),
)}

- Closing a loan is not a verdict. The loan's stage remains what the bank says.
- Nobody has anything left to do (\`next\`), and the loan is in no list of disputed or stalled loans.
- The engine polls the bank about it once a month, for \`closedMonthlyDays\` (180 days; 0 means never). It still confirms a callback that
  contradicts the current state.
- If the bank reports progress that was not known when the loan was closed, the loan is open again: an approval, an offer, a signature, a
  pay-out, or a new request for documents. The entry in its history says \`reopened\`. If the bank only repeats known facts, the loan stays closed.
- A person can reopen it with \`loan-engine reopen\`, \`POST …/reopen\`, the console, or \`reopenLoan\`.

The journal keeps who closed it, why, their note, and the API key or command user.

## Dormant loans

Each stage has a horizon. If nobody has said anything new about a loan for that long, the loan is _dormant_ (\`dormant\`). The engine then polls the
bank every week, later every month, then no more. Any callback wakes the loan. The engine closes no loan by itself. If nobody has
signed, it suggests closing (\`suggestion\`). If the bank has to act, the loan is also stalled, because somebody should ask the bank.

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

\`loan-engine dormant\` lists these loans. [polling.md](polling.md) shows what polling them costs.

## What each event does

${table(
  ["event", "meaning"],
  loanEventTypes.map((type) => [`\`${type}\``, saidOf[type]]),
)}

This table shows what an event does to a loan that reached its stage in the simplest way. \`→\` is a step. A step in italics is inferred: no message
said it, and the journal marks it as inferred. \`noted\` is a new fact without a step. \`·\` is nothing new.

${table(
  ["stage", ...loanEventTypes.map((type) => `\`${type}\``)],
  stages.map((stage) => [stage, ...loanEventTypes.map((type) => outcome(stage, type))]),
)}
`
