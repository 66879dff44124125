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
  superseded: "another application replaces this one",
  duplicate: "the application was sent twice",
  other: "another reason, which the note gives",
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
  "decision.approved": "the bank approves the application, and may name an offer",
  "decision.rejected": "the bank rejects the application",
  "addition.requested": "the bank asks the customer for documents",
  "addition.cleared": "the bank waits for no documents any more; only a poll can report this",
  "agreement.signed": "the customer has signed",
  "loan.paidOut": "the bank has paid out the loan",
  "dispute.ruled": "an operator has ruled; in the next table, the operator approves",
  "loan.closed": "a person has closed the loan; the stage does not change",
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

\`npx -y pnpm@12 test test/docs -u\` writes this page from the code, so its tables and its diagram show what the machine does.
[glossary.md](glossary.md) explains the terms.

\`\`\`mermaid
${lifecycleMermaid()}\`\`\`

[lifecycle.svg](lifecycle/lifecycle.svg) is the same diagram as a picture. \`docs/lifecycle/loan-machine.js\` opens in XState's visualizer.

Each event first joins the loan's facts, at any stage. Then the machine takes legal steps until no legal step is possible. Only the facts
decide which steps are possible. So the order of the events does not matter, and the machine drops no event.

## Steps

${table(
  ["from", "to"],
  stages.map((from) => [from, legalTransitions[from].join(", ")]),
)}

The machine takes no other step: \`npx -y pnpm@12 compliance\` proves it.

If a loan is rejected, and also approved, signed or paid out, the bank has contradicted itself. The loan then goes to \`disputed\`. Only a
ruling of an operator, or a new answer of the bank, leads out of \`disputed\`.

The bank may change its mind. It may revoke an approval, reinstate a rejected loan, or inspect a decided loan again. The bank's answer to
the engine's question (getApplicationQuote) always counts, even if the answer is MANUAL_INSPECTION.

A change of mind is a _reversal_. Each reversal goes through \`disputed\`, so the loan's history shows it. The journal entry that ends the
dispute names the reversal in \`reversal\`. The change feed and the console show the same name:

${table(
  ["name", "stage before the dispute", "stage after it"],
  Object.entries(reversals).map(([to, { name, enteredFrom }]) => [`\`${name}\``, enteredFrom.join(", "), to]),
)}

If the loan returns to the stage that it had before the dispute, the bank reversed nothing, and \`reversal\` is \`null\`.

## Registration, and the bank's own messages

When the merchant registers a loan, it passes on the bank's answer to the application. This answer has the evidence \`merchant\`. It counts
only until the bank itself reports a decision, by callback or in answer to a poll. After that, only the bank's messages count, and another
registration changes nothing.

- If the bank's first decision differs from the registered decision, the loan goes through \`disputed\` to the bank's decision. One
  journal entry holds both steps.
- The engine's first poll asks the bank for its decision.
- The engine shows the registered offer until the bank names an offer.

## Repeated answers

While a loan waits, the engine keeps polling the bank. If the bank's answer says nothing new, the engine adds no journal entry, no version,
no change in the feed and no webhook. It only updates \`lastHeardFromBankAt\` and \`lastAskedAt\`.

The next journal entry of the loan also holds the repeated answer, in \`levels\`. So if an old callback arrives after the repeated answer,
the engine can compare the two.

## Who must act

${table(
  ["stage", "who", "next action"],
  stages.map((stage) => {
    const { actor, action } = loanView(loanAt(stage)).next
    return [stage, actor, action]
  }),
)}

While documents are outstanding, the customer must send them, even if the stage waits for something else. If a loan is rejected, paid out
or closed, no documents are outstanding.

### A callback against the current state

A callback's body has no time. So if a callback contradicts the loan's current state, it may be an old callback that the bank delivers again. Such
a callback reports one of these:

- another verdict
- the signature of a rejected loan
- MANUAL_INSPECTION after a verdict
- an offer that is no longer valid

In each case, the engine polls the bank at once, even if the bank had confirmed the loan's end. If the loan is in dispute, or a callback
reports a new inspection, the next action is the bank's (\`confirm-decision\`) until the bank answers.

If the bank's answer denies the callback, a read replica of the bank may not know the callback yet. So the engine polls once more,
\`additionGraceMs\` (a minute) after the callback.

A person must rule (\`rule-on-dispute\`) in three cases:

- The loan's account has no bank that the engine could poll.
- The bank does not answer \`pollConfirmAttemptsMax\` times in a row, or its Retry-After is longer than those attempts would take. Then the
  loan is stalled, and the engine keeps polling.
- The bank's answers contradict each other: see [A pay-out that the bank denies](#a-pay-out-that-the-bank-denies).

If the callback only repeats a former offer, or an inspection that the engine knew of before the decision, it is most likely an old
callback. No new fact contradicts the current state. So \`next\` does not change while the engine polls, and the customer can still sign.

### A pay-out that the bank denies

The bank's status may say paid out, while its quote says rejected or inspected. If the engine asked for that quote after it first knew of the
pay-out, the two answers contradict each other. No decision of the bank overrules a pay-out, because the money has left. So the loan stays
\`disputed\`. The engine polls the bank until the two answers agree, or a person rules.

If the person rejects the loan, the ruling overrules the pay-out. The bank's next answers do not bring the dispute back.

## Documents

Requests for documents add up. If the bank asks for more documents in a new callback, the earlier requests remain. The requests end
when the bank reports that it waits for no documents any more. Only a poll's answer can report this.

The bank's read replicas may lag. So such an answer counts only if the engine sent the poll more than \`additionGraceMs\` (a minute) after
the request. The engine polls again as soon as an answer would count.

## Offers

- \`offer\` is the current offer. If the bank named an offer in answer to a poll, the current offer is the last such offer. Otherwise it is
  the newest offer, by the time at which the engine first received each offer.
- \`offers\` lists the last ten offers that the engine knows, the newest last.
- \`signing.offer\` is the offer that the customer signed: the newest offer that the engine knew at the signature. The engine also shows a
  later offer, but a later offer does not change \`signing.offer\`.

If a callback repeats a former offer, the engine polls the bank at once.

## Signing

\`signing.timeline\` lists what the bank said about the signature, in order of time. The bank uses different words in different messages:

| entry | message of the bank | its words |
| --- | --- | --- |
| \`requested\` | the status: how the customer wants to sign | \`E_SIGN\`, \`MANUAL\` |
| \`signed\` | the callback SIGNED, or the status | none: the message names no method |
| \`method\` | the status: how the customer has signed | \`E_SIGN\`, \`ANALOG\` |

\`MANUAL\` and \`ANALOG\` both mean that the customer signs on paper. The bank's application form calls this \`MAIL\`, but the engine does
not read forms.

## Late callbacks and wrong clocks

The bank retries a callback for up to 36 hours. So if a poll brings a change before its callback, the engine waits 36 hours for the
callback, and counts it as \`awaited\`. If the callback then arrives, the engine counts it as \`late\`. If it does not arrive in that time,
the engine counts it as \`missed\`. \`loan-engine callback health\` and the console's page Callbacks show these counts.

A signed callback contains the bank's time. If that time is later than the callback's receipt, the engine uses the time of receipt. A
request for documents has one more rule, because the bank's clock may be behind: if the request seems less than 15 minutes old, the engine
also uses the time of receipt.

## Closed loans

Customers withdraw, offers expire, and one application replaces another. The bank reports none of this. So a person can close a loan in
four ways: with \`loan-engine close <reference> withdrawn\`, with \`POST /v1/loans/{reference}/close\`, in the console, or with
\`closeLoan\` in code. The reasons are:

${table(
  ["reason", "meaning"],
  ClosureReason.literals.map((reason) => [`\`${reason}\``, closedFor[reason]]),
)}

- Closing a loan is not a verdict. The loan's stage remains what the bank says.
- Nobody must act on a closed loan (\`next\`). It is in no list of disputed or stalled loans.
- The engine polls a closed loan once a month, for \`closedMonthlyDays\` (180 days; 0 means never). If a callback contradicts the current
  state, the engine still polls at once.
- If the bank reports new progress, the loan opens again. Progress is an approval, an offer, a signature, a pay-out, or a request for
  documents, which the engine did not know when the loan was closed. The journal entry says \`reopened\`. If the bank only repeats known
  facts, the loan stays closed.
- A person can reopen a loan with \`loan-engine reopen\`, with \`POST …/reopen\`, in the console, or with \`reopenLoan\`.

The journal keeps who closed the loan, the reason, the note, and the API key or the user of the command.

## Dormant loans

Each stage that can wait has a _horizon_: a number of days. If no message says anything new about a loan for that long, the loan is _dormant_
(\`dormant\`).

- The engine polls a dormant loan every week, later every month, and then no more. Any callback wakes the loan.
- The engine closes no loan by itself. If the customer has not signed, the engine suggests closing the loan (\`suggestion\`).
- If the bank must act next, the loan is also stalled, because a person should ask the bank.

${table(
  ["stage", "horizon", "then"],
  (
    [
      "submitted",
      "manualInspection",
      "approved",
      "waitingForAddition",
      "signed",
      "disputed",
      "rejected",
      "paidOut",
    ] as const
  ).map((stage) => [
    stage === "rejected" || stage === "paidOut" ? `${stage}, until the bank has confirmed it` : stage,
    `${horizonsDefault[horizonOf[stage]]} days (\`${horizonOf[stage]}\`)`,
    [bankActs.has(stage) ? "stalled" : undefined, closable.has(stage) ? "closing is suggested" : undefined]
      .filter((told) => told !== undefined)
      .join("; "),
  ]),
)}

\`loan-engine dormant\` lists these loans. [polling.md](polling.md#what-silence-costs) shows how many requests they cost.

## What each event does

${table(
  ["event", "meaning"],
  loanEventTypes.map((type) => [`\`${type}\``, saidOf[type]]),
)}

The next table shows what an event does at each stage. The loan reached its stage by the fewest events.

- \`→\` is a step.
- A step in italics is _inferred_: no message reported it, but a later step implies it. The journal marks it as inferred.
- \`noted\` means a new fact without a step.
- \`·\` means nothing new.

${table(
  ["stage", ...loanEventTypes.map((type) => `\`${type}\``)],
  stages.map((stage) => [stage, ...loanEventTypes.map((type) => outcome(stage, type))]),
)}
`
