import type { Disposition } from "@loan-engine/domain/observation"
import type { WebhookPayload } from "../contract/webhook-payload.ts"
import { changeJson } from "../views/loan-json.ts"
import type { PlacedEntry } from "../views/loan-json.ts"
import type { KnownAccounts } from "../ports/known-accounts.ts"
import type { StoredLoan } from "../ports/loan-store.ts"

/** A webhook before it is signed. */
export interface WebhookMessage {
  /** The id of the webhook. All retries have the same id. */
  readonly id: string
  readonly body: string
}

/** The webhook's type for each disposition. `null`: no webhook is sent, because the entry changed nothing. */
const typeOf = {
  advanced: "loan.advanced",
  noted: "loan.noted",
  disputed: "loan.disputed",
  repeated: null,
  held: null,
} as const satisfies Readonly<Record<Disposition, string | null>>

export const isSent = ({ disposition }: Pick<PlacedEntry, "disposition">): boolean =>
  typeOf[disposition] !== null

/** The webhook about one change, with the loan as it is now. */
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

/**
 * A payload whose type may be `null`. It can be made for any entry, but only entries for which {@link isSent} is true
 * are sent.
 */
type Unsent<Payload extends WebhookPayload> = Omit<Payload, "type"> & {
  readonly type: Payload["type"] | null
}
type LoanPayload = Exclude<WebhookPayload, { readonly type: "webhook.test" }>

/** A test webhook. It shows whether a receiver accepts our webhooks. */
export const testMessage = (id: string, now: number): WebhookMessage => {
  const payload: WebhookPayload = { type: "webhook.test", timestamp: new Date(now).toISOString(), data: {} }
  return { id: `msg_test_${id}`, body: JSON.stringify(payload) }
}
