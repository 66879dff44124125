/**
 * A handler for AWS Lambda behind an API Gateway (payload format 2.0) or a function URL. Use a PostgreSQL: a file does not
 * survive. A frozen function polls nothing, so let one `loan-engine serve` on the same database do the polling.
 */
import { openLoanEngine } from "@loan-engine/app"

/** What such an event has of a request. */
export interface HttpEvent {
  readonly rawPath: string
  readonly rawQueryString: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly requestContext: { readonly domainName: string; readonly http: { readonly method: string } }
  readonly body?: string
  readonly isBase64Encoded: boolean
}

const engine = openLoanEngine({}, { environment: process.env })

function requestOf(event: HttpEvent): Request {
  const { rawPath, rawQueryString, requestContext, body, isBase64Encoded } = event
  const headers = new Headers()
  for (const [name, value] of Object.entries(event.headers)) if (value !== undefined) headers.set(name, value)
  const query = rawQueryString === "" ? "" : `?${rawQueryString}`
  return new Request(`https://${requestContext.domainName}${rawPath}${query}`, {
    method: requestContext.http.method,
    headers,
    // The bytes as they came: a signature covers them.
    ...(body === undefined ? {} : { body: Buffer.from(body, isBase64Encoded ? "base64" : "utf8") }),
  })
}

/** Serves everything but streams of changes, which do not end. */
export async function handler(event: HttpEvent) {
  const response = await (await engine).fetch(requestOf(event))
  const bytes = Buffer.from(await response.arrayBuffer())
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: bytes.toString("base64"),
    isBase64Encoded: true,
  }
}
