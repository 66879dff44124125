import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { HttpListener, layer, layerServer, LoanEngine } from "@loan-engine/app/effect"
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
  it("gives its services to a program, and listens on nothing", async () => {
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
    const done = await Effect.runPromise(Effect.provide(program, layer(settingsOf("services.sqlite"))))
    expect(done).toEqual({ disposition: "advanced", stage: "rejected" })
  })

  it("or listens where it is told to", async () => {
    const program = Effect.gen(function* () {
      const { url } = yield* HttpListener
      return yield* Effect.promise(async () => (await fetch(`${url}/health/live`)).status)
    })
    expect(await Effect.runPromise(Effect.provide(program, layerServer(settingsOf("server.sqlite"))))).toBe(
      200,
    )
  })
})
