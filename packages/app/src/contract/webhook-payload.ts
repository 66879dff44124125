import type { ChangeJson } from "./loan-schemas.ts"

/**
 * The body of a webhook: a change, with the loan as it is now. `loan-engine webhooks test` sends `webhook.test`,
 * which is about no loan.
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
