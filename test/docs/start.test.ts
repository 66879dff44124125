import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterAll, expect, it, onTestFinished } from "vitest"
import { childEnvironment, inCheckout, mainPath } from "../checkout.ts"
import { freePort } from "../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-start-"))
afterAll(() => rmSync(directory, { recursive: true }))

const blocks = [
  ...readFileSync(inCheckout("docs/start.md"), "utf8").matchAll(/^```sh\n(?<code>[^]*?)^```$/gmu),
].map(({ groups }) => groups?.["code"] ?? "")

/** A replacement of curl with the options that the page uses. The test machine may have no curl. */
const curl = `#!${process.execPath}
const { parseArgs } = require("node:util")
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    s: { type: "boolean", short: "s" },
    user: { type: "string", short: "u" },
    header: { type: "string", short: "H", multiple: true, default: [] },
    data: { type: "string", short: "d" },
  },
})
const headers = values.header.map((header) => header.split(": "))
if (values.user !== undefined) headers.push(["authorization", "Basic " + Buffer.from(values.user).toString("base64")])
const options = values.data === undefined ? {} : { method: "POST", body: values.data }
fetch(positionals[0], { ...options, headers }).then(async (answer) => process.stdout.write(await answer.text()))
`

it("docs/start.md leads from nothing to a signed loan", async () => {
  const port = await freePort()
  /** The page's own commands, with a free port and with the tests' bundled program. */
  const onThisMachine = (code: string): string =>
    code
      .replaceAll("npx -y pnpm@12 loan-engine", `"${process.execPath}" "${mainPath}"`)
      .replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`)
  const [serve = "", register = "", decide = "", sign = "", look = "", cleanUp = ""] =
    blocks.map(onThisMachine)
  expect(blocks.length).toBe(6)

  writeFileSync(join(directory, "curl"), curl, { mode: 0o755 })
  const env = { ...childEnvironment, PATH: `${directory}:${childEnvironment["PATH"]}` }
  const start = async () => {
    const engine = spawn("sh", ["-c", serve.replace(/^"/mu, 'exec "')], {
      cwd: directory,
      env: { ...env, LOAN_ENGINE_PORT: String(port), LOAN_ENGINE_STOP_DRAIN_MS: "1" },
      stdio: ["ignore", "pipe", "inherit"],
    })
    onTestFinished(() => void engine.kill("SIGKILL"))
    for await (const line of createInterface(engine.stdout)) if (line.includes("listens on")) break
    return {
      stop: async () => {
        engine.kill("SIGINT")
        return (await once(engine, "exit"))[0] as unknown
      },
    }
  }
  const first = await start()
  const run = (code: string): string =>
    execFileSync("sh", ["-ec", code], { cwd: directory, env, encoding: "utf8" })
  expect(JSON.parse(run(register))).toMatchObject({ stage: "manualInspection", next: { actor: "bank" } })
  expect(JSON.parse(run(decide))).toEqual({ disposition: "advanced" })
  expect(JSON.parse(run(decide))).toEqual({ disposition: "repeated" })
  expect(JSON.parse(run(sign))).toEqual({ disposition: "advanced" })
  const [show = "", history = ""] = look.split("\n")
  expect(JSON.parse(run(show))).toMatchObject({ stage: "signed" })
  expect(run(history)).toMatch(/manualInspection[^]*approved[^]*signed/u)
  expect(await first.stop()).toBe(0)
  run(cleanUp)
  const second = await start()
  expect(JSON.parse(run(register))).toMatchObject({ version: 1 })
  expect(await second.stop()).toBe(0)
})
