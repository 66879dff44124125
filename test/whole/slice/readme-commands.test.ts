import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import { withoutOurs } from "../../checkout.ts"
import { freePort } from "./engine-process.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const directory = mkdtempSync(join(tmpdir(), "readme-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A page's command blocks. Their placeholders are filled in. */
const blocksOf = (page: string): ReadonlyArray<string> =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^```sh\n(.*?)^```/gmsu)].map(([, text = ""]) =>
    text.replaceAll("…", "filled-in").replaceAll(/<[^>]+>/gu, "Yg=="),
  )
const block = (wanted: RegExp, page = "README.md"): string => {
  const found = blocksOf(page).find((text) => wanted.test(text))
  if (found === undefined) throw new Error(`${page} does not show ${wanted.source}`)
  return found
}

const environment = async () => ({
  ...withoutOurs(process.env),
  LOAN_ENGINE_DATABASE_URL: join(directory, "loans.sqlite"),
  LOAN_ENGINE_PORT: String(await freePort()),
})

/** Runs a block until it has written such a line, and then stops it as Ctrl-C does. The result is its output. */
async function runUntil(text: string, wanted: RegExp): Promise<string> {
  const child = spawn("sh", ["-c", text], { cwd: root, env: await environment(), detached: true })
  const written: Array<string> = []
  child.stderr.on("data", (chunk: Buffer) => written.push(chunk.toString()))
  for await (const line of createInterface({ input: child.stdout })) {
    written.push(line)
    if (wanted.test(line)) break
  }
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGINT")
  if (child.exitCode === null) await once(child, "exit")
  return written.join("\n")
}

const runToEnd = async (text: string): Promise<string> =>
  (await promisify(execFile)("sh", ["-c", text], { cwd: root, env: await environment() })).stdout

describe("the commands of the README and of its linked pages", () => {
  it("start a sandbox, an engine and the console", async () => {
    const text = block(/pnpm@12 start$/mu)
    expect(await runUntil(text, /^submitted \d/u)).toMatch(
      /console {2}http:\/\/127\.0\.0\.1:\d+\/console#key=\S+/u,
    )
  })

  it("run loans to their end", async () => {
    const lines = (await runToEnd(block(/start --once/u))).trim().split("\n")
    const told = { loans: 500, converged: 500, diverged: 0, illegalTransitions: 0 }
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject(told)
  })

  it("serve an engine, and verify its journal", async () => {
    const serve = block(/loan-engine serve/u, "docs/operating.md")
    expect(await runUntil(serve, /^loan engine listens on/u)).toContain("loan engine listens on")
    const verify = block(/journal verify$/mu, "docs/journal.md")
    expect(verify.trim().split("\n")).toHaveLength(1)
    const [line = ""] = verify.trim().split("\n")
    expect(await runToEnd(`${line} 2>&1 || [ $? -eq 2 ]`)).toContain("The store is empty")
  })

  it("make a key that the engine accepts", async () => {
    const given = "LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS=true"
    const text = `${block(/LOAN_ENGINE_API_KEYS/u, "docs/api.md")}export LOAN_ENGINE_API_KEYS; ${given} npx -y pnpm@12 loan-engine config`
    expect(await runToEnd(text)).toMatch(
      /LOAN_ENGINE_API_KEYS +\["shop:register\+read:[0-9a-f]{64}"\] +the environment/u,
    )
  })

  it("of the README are all tested here, except those that run the whole suite", () => {
    const run = [/pnpm@12 start$/mu, /start --once/u]
    const others = blocksOf("README.md").filter((text) => !run.some((wanted) => wanted.test(text)))
    const { scripts }: { readonly scripts: object } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    )
    const commands = others.flatMap((text) => text.trim().split("\n"))
    const named = commands.map((line) => line.replace(/ *#.*/u, "").replace("npx -y pnpm@12 ", ""))
    expect(named.toSorted()).toEqual(["check", "compliance", "test"])
    for (const script of ["compliance", "test", "bench", "check"]) expect(scripts).toHaveProperty(script)
  })
})
