import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, expect, it } from "vitest"
import type { HttpEvent } from "../../../examples/lambda.ts"
import { childEnvironment, inCheckout } from "../../checkout.ts"

const directory = mkdtempSync(join(tmpdir(), "lambda-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const event = (method: string, rawPath: string, body?: string): HttpEvent => ({
  rawPath,
  rawQueryString: "",
  headers: { "content-type": "application/json", authorization: "Bearer choose-one" },
  requestContext: { domainName: "loans.example", http: { method } },
  ...(body === undefined ? {} : { body: Buffer.from(body).toString("base64") }),
  isBase64Encoded: body !== undefined,
})

const signed = JSON.stringify({
  externalApplicationEvent: { applicationReference: "L-1", applicationEventType: "SIGNED" },
})

it("the Lambda handler takes a callback, and serves the API", async () => {
  const events = [event("POST", "/callbacks/se", signed), event("GET", "/v1/loans/L-1")]
  const code = `
    const { handler } = await import(${JSON.stringify(inCheckout("examples/lambda.ts"))})
    for (const event of ${JSON.stringify(events)}) {
      const { statusCode, body } = await handler(event)
      console.log(statusCode, Buffer.from(body, "base64").toString())
    }
    process.exit()`
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], {
    env: {
      ...childEnvironment,
      LOAN_ENGINE_DATABASE_URL: join(directory, "loans.sqlite"),
      LOAN_ENGINE_ACCOUNTS: "se",
      LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
      LOAN_ENGINE_API_KEY: "choose-one",
    },
  })
  const [callback = "", loan = ""] = stdout.trim().split("\n")
  expect(callback).toBe('202 {"disposition":"held","reason":"no-evidence"}')
  expect(loan).toMatch(/^200 \{"applicationReference":"L-1"/u)
})
