/**
 * A handler for AWS Lambda behind an API Gateway (payload format 2.0) or a function URL. Use PostgreSQL, because
 * Lambda does not keep files. A frozen function does not poll, so run one `loan-engine serve` on the same database
 * for the polls.
 */
import { openLoanEngine } from "@loan-engine/app"

/** The members of the event that describe the request. */
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
    // The original bytes, which the signature covers.
    ...(body === undefined ? {} : { body: Buffer.from(body, isBase64Encoded ? "base64" : "utf8") }),
  })
}

/** Serves every request except streams of changes, which do not end. */
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
