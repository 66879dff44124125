import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { propertySeed } from "../../proof/properties/settings.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { nothingNew, startBank } from "../../engine/telemetry/bank.ts"
import { call, decision } from "./api-call.ts"
import { readDescription } from "./fuzz/description.ts"
import type { Description } from "./fuzz/description.ts"
import { makeJudge } from "./fuzz/judge.ts"
import type { Answer } from "./fuzz/judge.ts"
import { knownReferences, requests } from "./fuzz/requests.ts"
import type { FuzzedRequest } from "./fuzz/requests.ts"

const description = readDescription()
/**
 * The number of requests, and the seed of a reported failure: `LOAN_ENGINE_FUZZ_RUNS=50000`,
 * `LOAN_ENGINE_FUZZ_SEED=…`.
 */
const runs = Number(process.env["LOAN_ENGINE_FUZZ_RUNS"] ?? 1_500)
const replay = { seed: Number(process.env["LOAN_ENGINE_FUZZ_SEED"] ?? propertySeed) }
const directory = mkdtempSync(join(tmpdir(), "loan-engine-fuzz-"))
let bank: Awaited<ReturnType<typeof startBank>>
let engine: EngineProcess
beforeAll(async () => {
  bank = await startBank(() => nothingNew)
  engine = await startEngine(join(directory, "fuzzed.sqlite"), {
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_API_REQUESTS_PER_SECOND_MAX: "100000",
    LOAN_ENGINE_BANK_URL: bank.url,
    LOAN_ENGINE_BANK_USERNAME: "agent",
    LOAN_ENGINE_BANK_PASSWORD: "secret",
    LOAN_ENGINE_POLL_RATE_PER_SECOND: "100000",
    LOAN_ENGINE_BREAKER_FAILURES_MAX: "1000000",
  })
  for (const reference of knownReferences) await engine.callback(decision(reference, "APPROVED"))
  await engine.callback(decision("disputed-1", "REJECTED"))
})
afterAll(async () => {
  await engine.stop()
  bank.close()
  rmSync(directory, { recursive: true })
})

async function ask({ url, path, method, headers, body }: FuzzedRequest): Promise<Answer> {
  const abort = new AbortController()
  const answer = await fetch(`${engine.url}${url}`, {
    method,
    headers,
    signal: abort.signal,
    ...(body === undefined ? {} : { body }),
  })
  const isStream = answer.headers.get("content-type") === "text/event-stream" && method !== "HEAD"
  const text = isStream ? undefined : await answer.text()
  abort.abort()
  return { method, path, status: answer.status, headers: answer.headers, body: text }
}

/** Sends this many requests that are made from a description, and checks the answers against it. */
function fuzz(described: Description, numRuns: number, answered = new Map<string, Set<number>>(), more = 0) {
  const judge = makeJudge(described)
  const property = fc.asyncProperty(requests(described), async (request) => {
    const answer = await ask(request)
    const statuses = answered.get(request.operationId) ?? new Set()
    answered.set(request.operationId, statuses.add(answer.status))
    const fault = judge(answer)
    if (fault !== undefined) throw new Error(`${request.method} ${request.url}: ${fault}`)
  })
  return { answered, checked: fc.check(property, { numRuns, seed: replay.seed + more }) }
}

const wanted = [200, 201, 202, 400, 401, 404, 405, 406, 409, 415]
/** How many seeds the test tries until every kind of answer has occurred. */
const roundsMax = 20

describe("correct and wrong requests that are made from the API's description", () => {
  it("never cause a failure, or an answer outside the description", async () => {
    const answered = new Map<string, Set<number>>()
    // One seed may not draw every kind of request. The test continues with further seeds until every kind of answer
    // has occurred.
    let unmet: ReadonlyArray<unknown> = wanted
    for (let more = 0; unmet.length > 0 && more < roundsMax; more++) {
      const result = await fuzz(description, runs, answered, more).checked
      expect(result.failed ? fc.defaultReportMessage(result) : "").toBe("")
      const all = new Set([...answered.values()].flatMap((statuses) => [...statuses]))
      const failing = [...answered].filter(([, statuses]) => ![...statuses].some((status) => status < 300))
      unmet = [...wanted.filter((status) => !all.has(status)), ...failing]
    }
    expect(unmet).toEqual([])
    expect((await call(engine.url, "/health/ready")).status).toBe(200)
  })
})

describe("the judge", () => {
  const spoil = (change: (text: string) => string): Description =>
    JSON.parse(change(JSON.stringify(description))) as Description

  it.each<[string, (text: string) => string, RegExp]>([
    ["a status", (text) => text.replaceAll('"401":', '"418":'), /the status 401 is not described/u],
    [
      "a member",
      (text) => text.replaceAll('"additionOutstanding":{', '"addition":{'),
      /the body is not as described/u,
    ],
    [
      "a content type",
      (text) => text.replaceAll("application/problem+json", "a/b"),
      /content type "application\/problem\+json" is not described/u,
    ],
    ["a value", (text) => text.replaceAll('"loan-unknown"', '"none"'), /loan-unknown/u],
  ])("notices %s that is not described", async (_name, change, fault) => {
    const result = await fuzz(spoil(change), 2_000).checked
    expect(result.failed).toBe(true)
    expect(String(result.errorInstance)).toMatch(fault)
  })
})
