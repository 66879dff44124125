import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import { setCallbackResponse } from "@loan-engine/adapters-xml/set-callback"
import { registerCallback } from "@loan-engine/app/callbacks/callback-registration"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Layer, Logger, Redacted, Result } from "effect"
import { afterAll, describe, expect, it, onTestFinished } from "vitest"
import { childEnvironment, mainPath } from "../../checkout.ts"
import { runCli } from "../cli/run-cli.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-registration-"))
afterAll(() => rmSync(directory, { recursive: true }))

const account = AccountName.make("default")
const callbackUrl = "https://shop.example/callbacks/default"
const limits = { headersMsMax: 300, bodyIdleMsMax: 300, exchangeMsMax: 600, responseBytesMax: 10_000 }

/** A bank whose answers the test sets. It counts its requests. */
async function startBank(answers: RequestListener) {
  let asked = 0
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      asked += 1
      answers(request, response)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(close)
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/soap`, asked: () => asked, close }
}

const answer =
  (status: number, body: Uint8Array | string = ""): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { "content-type": "text/xml; charset=utf-8" }).end(body)
const set = (callbackSet: boolean) => answer(200, setCallbackResponse.encode({ callbackSet }))
const fault = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>`

const outcomes: ReadonlyArray<readonly [string, RequestListener, "done" | "undone" | "unknown"]> = [
  ["sets it", set(true), "done"],
  ["does not set it", set(false), "undone"],
  ["answers with a fault", answer(500, fault), "undone"],
  ["does not let us in", answer(401), "undone"],
  ["asks for fewer requests", answer(429), "undone"],
  ["never answers", () => {}, "unknown"],
  ["ends the connection without an answer", (request) => void request.socket.destroy(), "unknown"],
  [
    "ends the connection within its answer",
    (request, response) => {
      response
        .writeHead(200, { "content-length": "500" })
        .write("<s:Envelope", () => request.socket.destroy())
    },
    "unknown",
  ],
  ["is a proxy's error page", answer(502, "<html>Bad gateway</html>"), "unknown"],
  ["answers what cannot be read", answer(200, "<html>Thank you</html>"), "unknown"],
  ["answers too much", answer(200, "x".repeat(20_000)), "unknown"],
]

/** Runs a registration on the store. The result has the error's tag and message, and the log lines. */
const makeRun = (path: string) => {
  const logs: Array<string> = []
  const log = Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void logs.push(line))])
  const onStore = <A, E>(work: Effect.Effect<A, E, LoanStore>) =>
    Effect.runPromise(Effect.provide(work, Layer.merge(layerSqlite({ path, ...sqliteDefaults }), log)))
  const run = async (url: string, forced = false) => {
    const registering = Effect.scoped(
      Effect.gen(function* () {
        const client = yield* makeBankClient({
          url,
          username: "u",
          password: Redacted.make("p"),
          limits: { ...limits, connectMsMax: 300 },
        })
        return yield* Effect.result(registerCallback(account, { url, client }, { callbackUrl }, { forced }))
      }),
    )
    const result = await onStore(registering)
    return Result.isFailure(result)
      ? { tag: result.failure._tag, message: result.failure.message }
      : { tag: undefined, message: "" }
  }
  const kept = (url: string) =>
    onStore(
      Effect.gen(function* () {
        const store = yield* LoanStore
        return {
          intent: yield* store.callbackIntent(account, url),
          registration: yield* store.callbackRegistration(account, url),
        }
      }),
    )
  return { run, kept, logs }
}

let files = 0
const newFile = (): string => join(directory, `${files++}.sqlite`)

describe("registering a callback URL with a bank that", () => {
  it.each(outcomes)(
    "%s: the outcome is stored, and shown before the next request",
    async (_name, listener, outcome) => {
      let answers = listener
      const bank = await startBank((request, response) => answers(request, response))
      const { run, kept, logs } = makeRun(newFile())
      const first = await run(bank.url)
      const { intent, registration } = await kept(bank.url)
      expect([intent !== undefined, registration !== undefined]).toEqual([
        outcome === "unknown",
        outcome === "done",
      ])
      if (outcome === "unknown") {
        expect(intent).toMatchObject({ callbackUrl })
        expect(first).toMatchObject({
          tag: "CallbackOutcomeUnknown",
          message: expect.stringContaining("The bank may have set the URL"),
        })
      }
      answers = set(true)
      const second = await run(bank.url)
      if (outcome === "undone") expect(second.tag).toBeUndefined()
      else expect(second.tag).toBe("CallbackNotRegistered")
      expect(bank.asked()).toBe(outcome === "undone" ? 2 : 1)
      if (outcome !== "unknown") return
      expect(second.message).toMatch(/was asked at .* may have set the URL.*callback health.*--force/u)
      expect((await run(bank.url, true)).tag).toBeUndefined()
      expect(logs.join("\n")).toMatch(/may have set the URL.*sent again because of --force/u)
      const settled = await kept(bank.url)
      expect(settled).toMatchObject({ intent: undefined, registration: { callbackUrl } })
    },
  )

  it.each(outcomes.filter(([, , outcome]) => outcome === "undone"))(
    "%s, when it is forced: the outcome of an older request stays open",
    async (_name, listener) => {
      let answers: RequestListener = () => {}
      const bank = await startBank((request, response) => answers(request, response))
      const { run, kept } = makeRun(newFile())
      expect((await run(bank.url)).tag).toBe("CallbackOutcomeUnknown")
      const { intent } = await kept(bank.url)
      answers = listener
      expect((await run(bank.url, true)).tag).toBeDefined()
      expect((await kept(bank.url)).intent).toEqual(intent)
      expect((await run(bank.url)).message).toMatch(/may have set the URL/u)
      expect(bank.asked()).toBe(2)
    },
  )

  it("cannot be reached is asked again without confirmation", async () => {
    const { run, kept } = makeRun(newFile())
    const url = "http://127.0.0.1:1/soap"
    expect((await run(url)).tag).toBe("BankError")
    expect(await kept(url)).toEqual({ intent: undefined, registration: undefined })
  })

  it("another bank of the account, and another account, are not blocked", async () => {
    const silent = await startBank(() => {})
    const other = await startBank(set(true))
    const { run } = makeRun(newFile())
    expect((await run(silent.url)).tag).toBe("CallbackOutcomeUnknown")
    expect((await run(other.url)).tag).toBeUndefined()
  })
})

describe("a run that is killed during the request", () => {
  it("is reported by the next run, which exits with 2, and by the doctor", async () => {
    const reached = Promise.withResolvers<void>()
    const bank = await startBank(() => reached.resolve())
    const environment = {
      LOAN_ENGINE_DATABASE_URL: newFile(),
      LOAN_ENGINE_BANK_URL: bank.url,
      LOAN_ENGINE_BANK_USERNAME: "u",
      LOAN_ENGINE_BANK_PASSWORD: "bank-password",
    }
    const register = ["callback", "register", "--url", callbackUrl]
    await makeRun(environment.LOAN_ENGINE_DATABASE_URL).kept(bank.url)
    const child = spawn(process.execPath, [mainPath, ...register], {
      env: { ...childEnvironment, ...environment },
      stdio: "ignore",
    })
    await reached.promise
    child.kill("SIGKILL")
    await once(child, "close")
    const next = await runCli(register, environment)
    expect([next.code, next.err]).toEqual([2, expect.stringContaining("may have set the URL")])
    expect(bank.asked()).toBe(1)
    // The doctor calls the bank too, and would wait for its answer. So the bank is closed first.
    bank.close()
    const doctor = await runCli(["doctor", "--json"], environment)
    const checks: ReadonlyArray<unknown> = JSON.parse(doctor.out)
    expect(checks).toContainEqual(
      expect.objectContaining({
        name: "registration default",
        state: "warning",
        found: expect.stringContaining(callbackUrl),
      }),
    )
    expect(next.err + doctor.out).not.toContain("bank-password")
  })
})
