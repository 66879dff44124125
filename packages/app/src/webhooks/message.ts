import type { Disposition } from "@loan-engine/domain/observation"
import type { WebhookPayload } from "../contract/webhook-payload.ts"
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
const typeOf = {
  advanced: "loan.advanced",
  noted: "loan.noted",
  disputed: "loan.disputed",
  repeated: null,
  held: null,
} as const satisfies Readonly<Record<Disposition, string | null>>

export const isSent = ({ disposition }: Pick<PlacedEntry, "disposition">): boolean =>
  typeOf[disposition] !== null

/** The message about one change, with the loan as it is now. */
export const changeMessage = (
  entry: PlacedEntry,
  stored: StoredLoan,
  knownAccounts: KnownAccounts,
): WebhookMessage => {
  const data = changeJson(entry, stored, knownAccounts)
  const payload: Unsent<LoanPayload> = {
    type: typeOf[entry.disposition],
    timestamp: data.recordedAt,
    data,
  }
  return { id: `msg_${entry.hash}`, body: JSON.stringify(payload) }
}

/** A payload of this shape is made for any entry; only those that {@link isSent} has a type for are sent. */
type Unsent<Payload extends WebhookPayload> = Omit<Payload, "type"> & {
  readonly type: Payload["type"] | null
}
type LoanPayload = Exclude<WebhookPayload, { readonly type: "webhook.test" }>

/** A test message, which shows whether a receiver accepts our messages. */
export const testMessage = (id: string, now: number): WebhookMessage => {
  const payload: WebhookPayload = { type: "webhook.test", timestamp: new Date(now).toISOString(), data: {} }
  return { id: `msg_test_${id}`, body: JSON.stringify(payload) }
}
