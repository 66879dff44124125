import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { runCli } from "./run-cli.ts"
import { startSandbox } from "./sandbox.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-cli-bank-"))
const databasePath = join(directory, "bank.sqlite")

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let engine: EngineProcess
let reference: string
let environment: Readonly<Record<string, string>>
const cli = (...args: ReadonlyArray<string>) => runCli(args, environment)

beforeAll(async () => {
  sandbox = await startSandbox()
  engine = await startEngine(databasePath, {
    ...sandbox.environment,
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_CHECKPOINT_EVERY_MS: "20",
  })
  environment = {
    ...sandbox.environment,
    LOAN_ENGINE_DATABASE_URL: databasePath,
    LOAN_ENGINE_PORT: new URL(engine.url).port,
    LOAN_ENGINE_API_KEY: apiKey,
  }
  const opened = await sandbox.open()
  reference = opened.applicationReference
  const registered = await engine.api("POST", "/v1/loans", JSON.stringify(opened))
  expect(registered.status).toBe(201)
})
afterAll(async () => {
  await engine.stop()
  await sandbox.close()
  rmSync(directory, { recursive: true })
})

describe("commands that call the bank", () => {
  it("poll now: asks both questions, and records the answers", async () => {
    const { code, out } = await cli("poll", "now", reference, "--json")
    expect(code).toBe(0)
    const { answers } = JSON.parse(out)
    expect(answers.map((answer: { question: string }) => answer.question)).toEqual(["status", "quote"])
    expect(answers.every((answer: { answered: boolean }) => answer.answered)).toBe(true)
    const history = await engine.api("GET", `/v1/loans/${reference}/history`)
    expect(await history.json()).toContainEqual(expect.objectContaining({ source: "poll" }))
  })

  it("callback register: succeeds, then is refused with a hint, then succeeds with force", async () => {
    const register = ["callback", "register", "--url", `${engine.url}/callbacks/default`]
    const first = await cli(...register)
    expect([first.code, first.out]).toEqual([0, expect.stringContaining("from now on")])
    expect(first.err).toContain(`command line: ${userInfo().username}`)
    const second = await cli(...register)
    expect([second.code, second.err]).toEqual([2, expect.stringContaining("only once")])
    expect((await cli(...register, "--force")).code).toBe(0)
  })

  it("trigger: calls the configured address, with action and reference in the order of its path", async () => {
    const asked: Array<string | undefined> = []
    const utility = createServer((request, response) => {
      asked.push(request.url)
      response.writeHead(asked.length === 1 ? 200 : 301, { location: "https://elsewhere.example" }).end()
    }).listen(0, "127.0.0.1")
    await once(utility, "listening")
    const { port } = utility.address() as AddressInfo
    const moved = {
      LOAN_ENGINE_TRIGGER_URL: `http://127.0.0.1:${port}/test-util/`,
      LOAN_ENGINE_TRIGGER_PATH: "/loans/{applicationReference}/do?event={action}",
    }
    const trigger = () => runCli(["trigger", "re ject", "A/1"], moved)
    expect((await trigger()).code).toBe(0)
    expect(asked).toEqual(["/test-util/loans/A%2F1/do?event=re%20ject"])
    const gone = await trigger()
    expect([gone.code, gone.err]).toEqual([4, expect.stringContaining("LOAN_ENGINE_TRIGGER_URL and")])
    utility.close()
  })

  it.each([
    ["trigger", "reject", ".."],
    ["trigger", ".", "A-1"],
  ])("trigger: calls nothing else: %s %s %s", async (...words) => {
    const { code, err } = await runCli(words, { LOAN_ENGINE_TRIGGER_URL: "http://127.0.0.1:1/agent" })
    expect([code, err]).toEqual([2, expect.stringContaining("is not valid in the path")])
  })

  it.each(["http://127.0.0.1:1/agent?x=1", "http://127.0.0.1:1/agent#x"])(
    "trigger: refuses the address %s",
    async (url) => {
      const { code, err } = await runCli(["trigger", "reject", "A-1"], { LOAN_ENGINE_TRIGGER_URL: url })
      expect([code, err]).toEqual([2, expect.stringContaining("LOAN_ENGINE_TRIGGER_URL must be")])
    },
  )

  it("trigger: makes the bank change a loan, and reports a failure", async () => {
    const done = await cli("trigger", "reject", reference)
    expect([done.code, done.out]).toEqual([0, expect.stringContaining("triggered reject")])
    const unknown = await cli("trigger", "explode", reference)
    expect([unknown.code, unknown.err]).toEqual([4, expect.stringContaining("answered 400")])
    const down = await runCli(["trigger", "reject", reference], {
      ...environment,
      LOAN_ENGINE_TRIGGER_URL: "http://127.0.0.1:1/agent",
    })
    expect([down.code, down.err]).toEqual([4, expect.stringContaining("did not answer")])
  })
})

describe("the doctor", () => {
  const states = async (more: Readonly<Record<string, string>>) => {
    const { code, out } = await runCli(["doctor", "--json"], { ...environment, ...more })
    const checks: ReadonlyArray<{ name: string; state: string; found: string; mend?: string }> =
      JSON.parse(out)
    return { code, state: Object.fromEntries(checks.map(({ name, state }) => [name, state])), checks }
  }

  it("finds nothing to fix if all is well", async () => {
    await expect.poll(() => existsSync(join(directory, ".bank.sqlite-anchors"))).toBe(true)
    const { code, state } = await states({})
    expect(state).toEqual({
      settings: "ok",
      store: "ok",
      anchors: "ok",
      accounts: "ok",
      stalled: "ok",
      disputes: "ok",
      callbacks: "ok",
      "clock journal": "ok",
      disk: "ok",
      durability: "ok",
      "trust default": "ok",
      engine: "ok",
      "bank default": "ok",
      "clock default": "ok",
      "keys default": "ok",
    })
    expect(code).toBe(0)
  })

  it.each([
    [{ LOAN_ENGINE_BANK_PASSWORD: "wrong" }, "bank default", "LOAN_ENGINE_BANK_PASSWORD"],
    [{ LOAN_ENGINE_BANK_URL: "http://127.0.0.1:1/soap" }, "bank default", "LOAN_ENGINE_BANK_URL"],
    [{ LOAN_ENGINE_JWKS_API_KEY: "wrong" }, "keys default", "LOAN_ENGINE_JWKS_API_KEY"],
    [{ LOAN_ENGINE_API_KEY: "" }, "settings", "LOAN_ENGINE_API_KEY"],
    [{ LOAN_ENGINE_DATABASE_URL: join(directory, "none.sqlite") }, "store", "none.sqlite"],
  ])("with %j it fails %s and says what to fix", async (more, name, advice) => {
    const { code, state, checks } = await states(more)
    expect([code, state[name]]).toEqual([1, "failed"])
    expect(checks.find((check) => check.name === name)?.mend).toContain(advice)
  })

  it.each([
    ["behind", 3_600_000],
    ["ahead of", -365 * 86_400_000],
  ])(
    "says that this machine's clock is %s the bank's, by the date of its answer",
    async (side, bankAheadMs) => {
      const bank = createServer((_request, response) => {
        response
          .setHeader("date", new Date(Date.now() + bankAheadMs).toUTCString())
          .writeHead(500)
          .end()
      })
      bank.listen(0, "127.0.0.1")
      await once(bank, "listening")
      onTestFinished(() => void bank.close())
      const { port } = bank.address() as AddressInfo
      const { code, checks } = await states({ LOAN_ENGINE_BANK_URL: `http://127.0.0.1:${port}/soap` })
      expect(code).toBe(1)
      expect(checks.find(({ name }) => name === "clock default")).toMatchObject({
        state: "failed",
        found: expect.stringMatching(
          new RegExp(`^this machine's clock is [0-9]+ seconds ${side} the bank's$`, "u"),
        ),
      })
    },
  )

  it("says that the journal has times ahead of this machine's clock", async () => {
    const path = join(directory, "dated-ahead.sqlite")
    const aheadMs = 86_400_000
    const observation = {
      applicationReference: ApplicationReference.make("ahead"),
      account: AccountName.make("default"),
      source: "callback",
      evidence: "credentials",
      receivedAt: Date.now() + aheadMs,
      events: [],
    } as const
    const world = LoanEngine.layer(cadenceDefaults).pipe(
      Layer.provide(layerSqlite({ path, ...sqliteDefaults })),
      Layer.provideMerge(TestClock.layer()),
    )
    await Effect.gen(function* () {
      yield* TestClock.setTime(observation.receivedAt)
      yield* (yield* LoanEngine).record(observation, new Uint8Array())
    }).pipe(Effect.provide(world), Effect.runPromise)
    const { code, checks } = await states({ LOAN_ENGINE_DATABASE_URL: path })
    expect(code).toBe(1)
    expect(checks.find(({ name }) => name === "clock journal")).toMatchObject({
      state: "failed",
      found: expect.stringMatching(/^the newest entry is dated 8[0-9]{4} seconds ahead of/u),
    })
  })

  it("never shows a secret", async () => {
    const { out, err } = await cli("doctor")
    for (const secret of ["sandbox-password", "sandbox-api-key", apiKey])
      expect(out + err).not.toContain(secret)
  })
})
