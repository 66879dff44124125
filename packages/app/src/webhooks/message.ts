import type { Disposition } from "@loan-engine/domain/observation"
import { changeJson } from "../views/loan-json.ts"
import type { PlacedEntry } from "../views/loan-json.ts"
import type { KnownAccounts } from "../ports/known-accounts.ts"
import type { StoredLoan } from "../ports/loan-store.ts"

/** The message without its signature. */
export interface WebhookMessage {
  /** The same each time that the message is sent, also in retries. */
  readonly id: string
  readonly body: string
}

/** The name of a message about an entry. `null` for an entry that changed nothing: no message is sent. */
const typeOf: { readonly [Of in Disposition]: string | null } = {
  advanced: "loan.advanced",
  noted: "loan.noted",
  disputed: "loan.disputed",
  repeated: null,
  held: null,
}

export const isSent = ({ disposition }: Pick<PlacedEntry, "disposition">): boolean =>
  typeOf[disposition] !== null

/** The message about one change, with the loan as it is now. */
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

/** A test message, which shows whether a receiver accepts our messages. */
export const testMessage = (id: string, now: number): WebhookMessage => ({
  id: `msg_test_${id}`,
  body: JSON.stringify({ type: "webhook.test", timestamp: new Date(now).toISOString(), data: {} }),
})
