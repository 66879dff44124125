import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import { examples } from "@loan-engine/app/contract/examples"
import type { Example } from "@loan-engine/app/contract/examples"
import { Offer } from "@loan-engine/domain/offer"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startBank } from "../../engine/telemetry/bank.ts"
import { apiKey, callbackAuthorization, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { openEvents } from "./event-stream.ts"
import { readDescription } from "./fuzz/description.ts"

const description = readDescription()
const operations = Object.entries(description.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })),
)
const directory = mkdtempSync(join(tmpdir(), "loan-engine-examples-"))
const offer = Schema.decodeSync(Offer)({
  approvedAmount: "100000",
  interest: "8.95",
  tenor: 84,
  monthlyCost: "1610",
})
let bank: Awaited<ReturnType<typeof startBank>>
let engine: EngineProcess
beforeAll(async () => {
  const quote = getApplicationQuoteResponse.encode({
    applicationReference: ApplicationReference.make(examples[2]?.path["reference"] ?? ""),
    decision: "APPROVED",
    offer,
  })
  const status = getApplicationStatusResponse.encode({ waitingForAddition: false, paidOut: false })
  bank = await startBank((asked) => ({
    status: 200,
    body: String(Buffer.from(asked === "getApplicationQuote" ? quote : status)),
  }))
  engine = await startEngine(join(directory, "examples.sqlite"), {
    LOAN_ENGINE_BANK_URL: bank.url,
    LOAN_ENGINE_BANK_USERNAME: "agent",
    LOAN_ENGINE_BANK_PASSWORD: "secret",
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    // Polls come much later, so only the examples change the loan.
    LOAN_ENGINE_POLL_INTERVAL_SCALE: "10",
  })
})
afterAll(async () => {
  await engine.stop()
  bank.close()
  rmSync(directory, { recursive: true })
})

/** Replaces the values that differ in every run. */
const settled = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/gu, "a time")
      .replaceAll(/[0-9a-f]{64}/gu, "a digest")
      .replaceAll(/2-[0-9a-f]{16}/gu, "a cursor"),
    // The order of the members in a text of JSON means nothing.
    (_, inner: unknown) =>
      typeof inner === "string" && inner.startsWith("{") ? (JSON.parse(inner) as unknown) : inner,
  )

const urlOf = (path: string, { path: parameters, query }: Example): string => {
  const filled = path.replaceAll(/\{(\w+)\}/gu, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? ""),
  )
  const search = new URLSearchParams(query).toString()
  return `${engine.url}${filled}${search === "" ? "" : `?${search}`}`
}

async function streamed(url: string): Promise<unknown> {
  const stream = await openEvents(url)
  let event = await stream.next()
  // An event without data only marks the stream's beginning.
  while (event?.data === "") event = await stream.next()
  stream.close()
  return { id: event?.id, event: "change", data: event?.data }
}

async function answered(example: Example): Promise<{ readonly status: number; readonly answer: unknown }> {
  const operation = operations.find(({ operationId }) => operationId === example.operationId)
  if (operation === undefined) throw new Error(`${example.operationId} is not described`)
  const url = urlOf(operation.path, example)
  if (operation.responses["200"]?.content?.["text/event-stream"] !== undefined)
    return { status: 200, answer: await streamed(url) }
  const { body } = example
  const isCallback = operation.operationId === "bank.callback"
  const answer = await fetch(url, {
    method: operation.method,
    headers: {
      authorization: isCallback ? callbackAuthorization : `Bearer ${apiKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get("content-type")?.includes("json") === true
  return { status: answer.status, answer: isJson ? JSON.parse(text) : text }
}

describe("the examples of the API's description", () => {
  it.each(examples.map((example, index) => [index + 1, example.operationId, example] as const))(
    "%i: %s is answered as its example says",
    async (_number, _operation, example) => {
      const { status, answer } = await answered(example)
      expect(status).toBe(example.status)
      if (typeof answer === "string" && typeof example.answer === "string") {
        const lines = answer.split("\n")
        expect(
          example.answer
            .trimEnd()
            .split("\n")
            .filter((line) => !lines.includes(line)),
        ).toEqual([])
      } else {
        expect(settled(answer)).toEqual(settled(example.answer))
      }
    },
  )

  it("fit the schemas beside them", () => {
    const ajv = new Ajv2020({ strict: false, unicodeRegExp: true })
    ajv.addSchema({ $id: "api", components: description.components })
    const inApi = (schema: object): object =>
      JSON.parse(JSON.stringify(schema).replaceAll("#/components", "api#/components")) as object
    for (const { operationId, requestBody, responses } of operations) {
      const contents = [requestBody?.content, ...Object.values(responses).map(({ content }) => content)]
      for (const { schema, example } of contents.flatMap((content) => Object.values(content ?? {})))
        if (example !== undefined) expect(ajv.validate(inApi(schema), example), operationId).toBe(true)
    }
  })

  it("are there for every operation, and stand in the description", () => {
    const text = (value: unknown): string => JSON.stringify(value)
    for (const { operationId, requestBody, responses } of operations) {
      const example = examples.find((each) => each.operationId === operationId)
      expect(example, operationId).toBeDefined()
      expect(text(responses[String(example?.status)]), operationId).toContain(
        `"example":${text(example?.answer)}`,
      )
      if (requestBody !== undefined) expect(text(requestBody)).toContain(`"example":${text(example?.body)}`)
    }
  })
})
