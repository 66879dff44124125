import { LoanApiError } from "@loan-engine/app"
import type { LoanJson } from "@loan-engine/app"

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}
const escaped = (text: string): string => text.replace(/[&<>"']/gu, (character) => escapes[character] ?? "")

/** A loan's page that a merchant could show to the customer. */
export function loanPage({ applicationReference, stage, additionOutstanding, next }: LoanJson): string {
  const documents = additionOutstanding ? "<p>The bank waits for documents.</p>" : ""
  const act = next.actor === "nobody" ? "Nothing more happens." : `${next.actor} must act: ${next.action}.`
  return `<!doctype html>
<html lang="en">
<title>Loan ${escaped(applicationReference)}</title>
<h1>Your loan is ${escaped(stage)}</h1>
${documents}<p>${escaped(act)}</p>
</html>
`
}

/** The status for a failed call: the status of the engine's answer, such as 404 for an unknown loan. */
export const statusOf = (error: unknown): number =>
  error instanceof LoanApiError ? (error.problem?.status ?? 500) : 500

export const failurePage = "<p>This cannot be shown.</p>"
