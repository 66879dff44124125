import { apiKey } from "../../whole/slice/engine-process.ts"

export interface Call {
  readonly method?: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** One request to the API. The default key has every scope. */
export const call = (url: string, path: string, { method = "GET", key = apiKey, headers, body }: Call = {}) =>
  fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body }),
  })

export const event = (
  applicationReference: string,
  applicationEventType: string,
  more: object = {},
): string =>
  JSON.stringify({ externalApplicationEvent: { applicationReference, applicationEventType, ...more } })

export const decision = (applicationReference: string, creditDecision: string): string =>
  event(applicationReference, "CREDIT_DECISION_UPDATED", {
    creditDecision: { creditDecision, approvedAmount: 10_000 },
  })
