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
