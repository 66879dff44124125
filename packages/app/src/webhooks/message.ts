import type { Disposition } from "@loan-engine/domain/observation"
import { changeJson } from "../views/loan-json.ts"
import type { PlacedEntry } from "../views/loan-json.ts"
import type { KnownAccounts } from "../ports/known-accounts.ts"
import type { StoredLoan } from "../ports/loan-store.ts"

/** What is sent, but for its signature. */
export interface WebhookMessage {
  /** The same each time the message is sent, also when it is sent again. */
  readonly id: string
  readonly body: string
}

/** What a message about an entry is called; `null` for what changed nothing and is not sent. */
const typeOf: { readonly [Of in Disposition]: string | null } = {
  advanced: "loan.advanced",
  noted: "loan.noted",
  disputed: "loan.disputed",
  repeated: null,
  held: null,
}

export const isSent = ({ disposition }: Pick<PlacedEntry, "disposition">): boolean =>
  typeOf[disposition] !== null

/** The message about one change, with the loan as it stands by now. */
export const changeMessage = (
  entry: PlacedEntry,
  stored: StoredLoan,
  knownAccounts: KnownAccounts,
): WebhookMessage => {
  const data = changeJson(entry, stored, knownAccounts)
  return {
    id: `msg_${entry.hash}`,
    body: JSON.stringify({ type: typeOf[entry.disposition], timestamp: data.recordedAt, data }),
  }
}

/** A message about nothing, which shows whether a receiver takes what we send. */
export const testMessage = (id: string, now: number): WebhookMessage => ({
  id: `msg_test_${id}`,
  body: JSON.stringify({ type: "webhook.test", timestamp: new Date(now).toISOString(), data: {} }),
})
