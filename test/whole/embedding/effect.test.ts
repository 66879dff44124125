import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  configFromEnvironment,
  configOf,
  HttpListener,
  layer,
  layerServer,
  LoanEngine,
  makeEngineHttp,
} from "@loan-engine/app/effect"
import { Environment } from "@loan-engine/app/config/sources"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"

const directory = mkdtempSync(join(tmpdir(), "layers-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const settingsOf = (name: string) =>
  ({
    databaseUrl: join(directory, name),
    port: 0,
    stopDrainMs: 1,
    accounts: { se: { callbackAuthMethod: "BASIC", callbackCredentials: ["YTpi"] } },
  }) as const

describe("the engine as layers", () => {
  it("gives its services to a program, and does not listen", async () => {
    const program = Effect.gen(function* () {
      const engine = yield* LoanEngine
      const observed = {
        applicationReference: ApplicationReference.make("A-1"),
        account: AccountName.make("se"),
        source: "callback",
        evidence: "credentials",
        receivedAt: 1,
        events: [{ type: "decision.rejected", at: 1 }],
      } as const
      const { disposition } = yield* engine.record(observed, new Uint8Array())
      const stored = yield* engine.loan(observed.applicationReference)
      return { disposition, stage: stored?.loan.stage }
    })
    const done = await Effect.runPromise(
      Effect.provide(program, layer(configOf(settingsOf("services.sqlite")))),
    )
    expect(done).toEqual({ disposition: "advanced", stage: "rejected" })
  })

  it("are set by the environment too, and served by any server", async () => {
    const environment = {
      LOAN_ENGINE_DATABASE_URL: join(directory, "environment.sqlite"),
      LOAN_ENGINE_API_KEY: "key",
      LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
    }
    const config = Effect.provideService(configFromEnvironment, Environment, environment)
    const program = Effect.gen(function* () {
      const { handle } = yield* makeEngineHttp(yield* config)
      const headers = { authorization: "Bearer key" }
      const answer = yield* Effect.promise(() => handle(new Request("http://any/v1/loans", { headers })))
      return [answer.status, yield* Effect.promise(() => answer.json())]
    })
    const done = await Effect.runPromise(Effect.provide(Effect.scoped(program), layer(config)))
    expect(done).toEqual([200, { loans: [], next: null }])
  })

  it("or listens at a configured address", async () => {
    const program = Effect.gen(function* () {
      const { url } = yield* HttpListener
      return yield* Effect.promise(async () => (await fetch(`${url}/health/live`)).status)
    })
    expect(
      await Effect.runPromise(Effect.provide(program, layerServer(configOf(settingsOf("server.sqlite"))))),
    ).toBe(200)
  })
})
