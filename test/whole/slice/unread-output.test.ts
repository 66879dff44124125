import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, openSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import { childEnvironment, mainPath } from "../../checkout.ts"
import { runCli } from "../../doors/cli/run-cli.ts"
import { apiKey, freePort } from "./engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-unread-"))
afterAll(() => rmSync(directory, { recursive: true }))

const environment = async (name: string) => ({
  LOAN_ENGINE_DATABASE_URL: join(directory, name),
  LOAN_ENGINE_PORT: String(await freePort()),
  LOAN_ENGINE_API_KEY: apiKey,
  LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
  LOAN_ENGINE_STOP_DRAIN_MS: "1",
  LOAN_ENGINE_LOG_LEVEL: "debug",
})

/** How many lines of an output stream the engine at this address has lost. -1 until the engine answers. */
async function lostAt(url: string, stream: string): Promise<number> {
  try {
    const page = await (await fetch(`${url}/metrics`)).text()
    const [, count] =
      new RegExp(`^loan_engine_output_lines_lost\\{stream="${stream}"\\} (\\d+)`, "mu").exec(page) ?? []
    return Number(count ?? -1)
  } catch {
    return -1
  }
}

const callback = (url: string, reference: string) =>
  fetch(`${url}/callbacks/default`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
    }),
  })

const full = "/dev/full"

describe("serve without a reader of its output", () => {
  it.each([
    ["the reader of both streams goes away", "pipe"],
    ["the disk that they are written to is full", full],
  ])("continues, and counts its lost lines: %s", async (_, where) => {
    if (where === full && !existsSync(full)) return
    const env = await environment(`${where === full ? "full" : "gone"}.sqlite`)
    const output = where === full ? openSync(full, "w") : ("pipe" as const)
    const child = spawn(process.execPath, [mainPath, "serve"], {
      env: { ...childEnvironment, ...env },
      stdio: ["ignore", output, output],
    })
    const exited = once(child, "exit")
    child.stdout?.destroy()
    child.stderr?.destroy()
    const url = `http://127.0.0.1:${env.LOAN_ENGINE_PORT}`
    await expect.poll(() => lostAt(url, "stderr")).toBeGreaterThan(0)
    expect(await lostAt(url, "stdout")).toBe(1)
    const before = await lostAt(url, "stderr")
    for (let sent = 0; sent < 5; sent++) expect((await callback(url, `loan-${sent}`)).status).toBe(202)
    await expect.poll(() => lostAt(url, "stderr")).toBeGreaterThanOrEqual(before + 5)
    child.kill("SIGTERM")
    expect(await exited).toEqual([0, null])
  })
})

describe("a service that embeds the engine", () => {
  it("continues together with its engine when the reader of its log ends", async () => {
    const script = fileURLToPath(new URL("./embedding-process.ts", import.meta.url))
    const child = spawn(process.execPath, [script, join(directory, "embedded.sqlite")], {
      env: childEnvironment,
    })
    const exited = once(child, "exit")
    let written = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (written += text))
    await expect.poll(() => written).toBe("open\n")
    child.stderr.destroy()
    child.stdin.write("go on\n")
    expect(await exited).toEqual([0, null])
    expect(written).toBe("open\nclosed\n")
  })
})

describe("start without a reader of its output", () => {
  it("continues to draw its picture", async () => {
    const child = spawn(process.execPath, [mainPath, "start", "--no-open", "--loans", "2"], {
      env: childEnvironment,
      stdio: ["ignore", "pipe", "pipe"],
    })
    const exited = once(child, "exit")
    let written = ""
    const shown = new Promise<string>((resolve) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        written += text
        const [, url] = /engine (http:\S+)/u.exec(written) ?? []
        if (url !== undefined) resolve(url)
      })
    })
    const url = await shown
    child.stdout.destroy()
    child.stderr.destroy()
    await expect.poll(() => lostAt(url, "stdout")).toBeGreaterThan(2)
    child.kill("SIGTERM")
    expect(await exited).toEqual([0, null])
  })
})

describe("a command without a reader of its output", () => {
  it.each([
    ["--help"],
    ["--version"],
    ["config"],
    ["disputes"],
    ["stalled", "--json"],
    ["history", "nobody"],
    ["journal", "verify"],
    ["doctor"],
    ["no-such-command"],
    ["rule"],
  ])("ends in the same way as with a reader: %s %s", async (...words) => {
    const env = await environment("commands.sqlite")
    const { code } = await runCli(words, env)
    const child = spawn(process.execPath, [mainPath, ...words], { env: { ...childEnvironment, ...env } })
    child.stdout.destroy()
    child.stderr.destroy()
    expect(await once(child, "exit")).toEqual([code, null])
  })
})
