import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { guardedHeaders } from "@loan-engine/adapters-http/http/answer-headers"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../cli/run-cli.ts"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-wrong-keys-"))
const metricsKey = "a-key-for-the-metrics"
let engine: EngineProcess
beforeAll(async () => {
  engine = await startEngine(join(directory, "loans.sqlite"), {
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_WRONG_KEYS_PER_SOURCE_MAX: "20",
    LOAN_ENGINE_METRICS_KEY: metricsKey,
  })
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

const statusOf = async (path: string, key: string): Promise<number> => {
  const answer = await fetch(`${engine.url}${path}`, { headers: { authorization: `Bearer ${key}` } })
  await answer.text()
  return answer.status
}

describe("a flood of wrong keys", () => {
  it("gets answers with a wait, is counted, and is logged once, while right keys are served", async () => {
    const statuses: Array<number> = []
    for (let sent = 0; sent < 60; sent++) {
      statuses.push(await statusOf(sent % 2 === 0 ? "/v1/key" : "/metrics", `guess-${sent}`))
    }
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401))
    expect(statuses.slice(20)).toEqual(Array.from({ length: 40 }, () => 429))
    const answer = await fetch(`${engine.url}/v1/key`, { headers: { authorization: "Bearer guess" } })
    expect([answer.status, Number(answer.headers.get("retry-after"))]).toEqual([429, 60])
    expect(Object.fromEntries(answer.headers)).toMatchObject(
      Object.fromEntries(Object.entries(guardedHeaders)),
    )
    expect(await statusOf("/v1/key", apiKey)).toBe(200)
    const metrics = await fetch(`${engine.url}/metrics`, {
      headers: { authorization: `Bearer ${metricsKey}` },
    })
    expect(await metrics.text()).toMatch(/^loan_engine_wrong_keys_total 61$/mu)
    expect(engine.written().match(/a request had a wrong key/gu)).toHaveLength(1)
    expect(engine.written()).not.toContain("guess-")
  })
})

describe("wrong keys from many addresses", () => {
  it("are limited all together, also if no address sends many, while right keys are served", async () => {
    const guarded = await startEngine(join(directory, "many.sqlite"), {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_TRUSTED_PROXIES: "127.0.0.1",
      LOAN_ENGINE_WRONG_KEYS_PER_SOURCE_MAX: "2",
      LOAN_ENGINE_WRONG_KEYS_PER_MINUTE_MAX: "15",
    })
    const from = async (address: string, key: string) => {
      const headers = { authorization: `Bearer ${key}`, "x-forwarded-for": address }
      return (await fetch(`${guarded.url}/v1/key`, { headers })).status
    }
    const statuses: Array<number> = []
    for (let sent = 0; sent < 20; sent++) statuses.push(await from(`192.0.2.${sent}`, `guess-${sent}`))
    expect(statuses).toEqual(Array.from({ length: 20 }, (_, index) => (index < 15 ? 401 : 429)))
    expect(await from("192.0.2.200", apiKey)).toBe(200)
    await guarded.stop()
  })
})

describe("a key that can be guessed", () => {
  const environment = {
    LOAN_ENGINE_DATABASE_URL: join(directory, "never.sqlite"),
    LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
    LOAN_ENGINE_PORT: "0",
  }

  it.each([
    ["0.0.0.0", { LOAN_ENGINE_API_KEY: "a" }, "LOAN_ENGINE_API_KEY must have at least 16 characters"],
    [
      "::",
      { LOAN_ENGINE_API_KEY: "fifteen-letters" },
      "LOAN_ENGINE_API_KEY must have at least 16 characters",
    ],
    [
      "192.0.2.1",
      { LOAN_ENGINE_API_KEY: "sixteen-letters!", LOAN_ENGINE_METRICS_KEY: "short" },
      "LOAN_ENGINE_METRICS_KEY must have at least 16 characters",
    ],
  ])(
    "that is short is refused at the start, if other machines can reach the engine: %s",
    async (host, keys, says) => {
      const { code, err } = await runCli(["serve"], { ...environment, ...keys, LOAN_ENGINE_HOST: host })
      expect([code, err]).toEqual([2, expect.stringContaining(says)])
      expect(err).toContain("`loan-engine key` makes one")
    },
  )

  it("is never made by `key`: each key is new, and comes with the digest for the settings", async () => {
    const made = async () => JSON.parse((await runCli(["key", "--json"], {})).out)
    const [one, other] = [await made(), await made()]
    expect(one.key).toMatch(/^[\w-]{43}$/u)
    expect(one.key).not.toBe(other.key)
    expect(one.sha256).toMatch(/^[0-9a-f]{64}$/u)
  })
})
