import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import { variableOf } from "@loan-engine/app/config/variable-names"
import type { Belief, SandboxBank } from "@loan-engine/app/testing"
import { openSandboxBank } from "@loan-engine/app/testing"
import { stages } from "@loan-engine/domain/legal-transitions"
import { afterAll, describe, expect, it } from "vitest"
import { childEnvironment, inCheckout } from "../../checkout.ts"
import { stateMsMax } from "../../patience.ts"

const directory = mkdtempSync(join(tmpdir(), "examples-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const examples = {
  "node:http": inCheckout("examples/node-http.ts"),
  Express: inCheckout("examples/express.ts"),
  Fastify: inCheckout("examples/fastify.ts"),
  Hono: inCheckout("examples/hono.ts"),
  "Next.js": inCheckout("test/whole/examples/next-server.ts"),
}

/** The accounts of these services, one for each country of their customers. */
const accounts = ["se", "no"]

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value).replaceAll(/[[\]"]/gu, "")
const variablesOf = (settings: object, account?: string): ReadonlyArray<readonly [string, string]> =>
  Object.entries(settings).map(([setting, value]) => [variableOf(setting, account), textOf(value)])

const environmentOf = (bank: SandboxBank, name: string): NodeJS.ProcessEnv => {
  const settings = {
    databaseUrl: join(directory, `${name.replace(":", "-")}.sqlite`),
    pollIntervalScale: bank.pollIntervalScale,
    pollRatePerSecond: 1_000,
    stopDrainMs: 1,
    logLevel: "error",
  }
  const variables = [
    ...variablesOf(settings),
    ...accounts.flatMap((account) => variablesOf(bank.settingsOf(account), account)),
    ["LOAN_ENGINE_ACCOUNTS", accounts.join(",")],
  ]
  return { ...childEnvironment, PORT: "0", ...Object.fromEntries(variables) }
}

async function startExample(file: string, env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [file], { env, stdio: ["ignore", "pipe", "pipe"] })
  const errors: Array<string> = []
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()))
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /^listening on (http:\S+)$/u.exec(line) ?? []
    if (url === undefined) continue
    const stop = async (): Promise<number | null> => {
      child.kill("SIGTERM")
      if (child.exitCode === null) await once(child, "exit")
      return child.exitCode
    }
    return { url, stop, errors }
  }
  throw new Error(`the example did not start: ${errors.join("")}`)
}

/** The state that the loan's page shows. */
async function beliefOf(url: string, reference: string): Promise<Belief | undefined> {
  const answer = await fetch(`${url}/loans/${encodeURIComponent(reference)}`)
  const page = await answer.text()
  const stage = stages.find((each) => page.includes(`<h1>Your loan is ${each}</h1>`))
  return stage && { stage, additionOutstanding: page.includes("The bank waits for documents.") }
}

describe.concurrent.each(Object.entries(examples))("a merchant's service on %s", (name, file) => {
  it("accepts the bank's answers and callbacks, and shows the bank's state of each loan", async ({
    expect,
    onTestFinished,
  }) => {
    const bank = await openSandboxBank({ seed: name, chaos: "normal", accounts, speed: 300_000 })
    onTestFinished(bank.close)
    const service = await startExample(file, environmentOf(bank, name))
    for (const account of accounts) bank.sendCallbacks(`${service.url}/callbacks/${account}`, account)
    for (let order = 0; order < 8; order++) {
      const account = accounts[order % accounts.length] ?? ""
      const { xml } = await bank.submit(account)
      const headers = { "content-type": "text/xml; charset=utf-8" }
      const answer = await fetch(`${service.url}/applications/${account}`, {
        method: "POST",
        headers,
        body: xml,
      })
      expect([answer.status, await answer.text()]).toEqual([201, expect.stringContaining("<h1>Your loan is")])
    }
    const limits = { quietMsMax: stateMsMax, agreeMsMax: stateMsMax }
    expect(await bank.disagreements((reference) => beliefOf(service.url, reference), limits)).toEqual([])
    expect(bank.callbacks().accepted).toBeGreaterThan(0)
    expect(bank.callbacks().forgedAccepted).toBe(0)

    const forged = await fetch(`${service.url}/callbacks/se`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Basic Zm9yZ2Vk" },
      body: "{}",
    })
    expect([forged.status, await forged.json()]).toMatchObject([401, { code: "unauthorized" }])
    const nobody = await fetch(`${service.url}/callbacks/nobody`, { method: "POST", body: "{}" })
    expect(nobody.status).toBe(404)
    await nobody.body?.cancel()
    const unknown = await fetch(`${service.url}/loans/unknown`)
    expect([unknown.status, await unknown.text()]).toEqual([404, expect.stringContaining("cannot be shown")])
    expect([await service.stop(), service.errors]).toEqual([0, []])
  })
})

describe("the example of an integrator's own test", () => {
  it("passes in node's own test runner", async () => {
    const file = inCheckout("examples/service.test.ts")
    const { stdout } = await promisify(execFile)(process.execPath, ["--test", file], {
      env: childEnvironment,
    })
    expect(stdout).toContain("pass 1")
  })
})
