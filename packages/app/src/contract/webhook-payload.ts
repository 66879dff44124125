import type { ChangeJson } from "./loan-schemas.ts"

/**
 * The body of a webhook: a change of a loan, with the loan as it is now. `webhook.test` is the message of
 * `loan-engine webhooks test`; it is about no loan.
 */
export type WebhookPayload =
  | {
      readonly type: "loan.advanced" | "loan.noted" | "loan.disputed"
      /** When the engine recorded the change, in ISO 8601. */
      readonly timestamp: string
      readonly data: ChangeJson
    }
  | {
      readonly type: "webhook.test"
      readonly timestamp: string
      readonly data: Readonly<Record<string, never>>
    }
