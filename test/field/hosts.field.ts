import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { inCheckout, withoutOurs } from "../checkout.ts"
import { freePort } from "../whole/slice/engine-process.ts"
import { packInto } from "../whole/packages/packed.ts"

const run = promisify(execFile)
const directory = mkdtempSync(join(tmpdir(), "hosts-"))
let tarballs: ReadonlyArray<string>
beforeAll(async () => {
  const packed = join(directory, "packed")
  mkdirSync(packed)
  tarballs = await packInto(packed)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The pinned Node comes first in the path, as on a user's machine. */
const environment = {
  ...withoutOurs(process.env),
  PATH: `${join(process.execPath, "..")}:${process.env["PATH"]}`,
  NEXT_TELEMETRY_DISABLED: "1",
  NODE_OPTIONS: "",
  // The tests' own value would make a development build.
  NODE_ENV: undefined,
}

/** Copies an example as a separate project, and installs npm's packages and our tarballs. */
async function install(example: string): Promise<string> {
  const project = join(directory, example === "" ? "examples" : example)
  const { dependencies, ...manifest } = JSON.parse(
    readFileSync(inCheckout(`examples/${example}/package.json`), "utf8"),
  ) as { readonly dependencies: Readonly<Record<string, string>> }
  const others = Object.entries(dependencies).filter(([name]) => !name.startsWith("@loan-engine/"))
  cpSync(inCheckout(`examples/${example}`), project, {
    recursive: true,
    filter: (path) => !/[\\/](?:node_modules|dist|\.next)$/u.test(path),
  })
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ ...manifest, dependencies: Object.fromEntries(others) }),
  )
  const npm = ["install", "--no-audit", "--no-fund", ...tarballs]
  await run("npm", npm, { cwd: project, env: environment, maxBuffer: 16_000_000 })
  return project
}

const npmRun = (script: string, cwd: string) =>
  run("npm", ["run", script], { cwd, env: environment, maxBuffer: 16_000_000 })

/** Starts a service, and stops it after the test. */
async function withService(
  project: string,
  command: ReadonlyArray<string>,
  use: (url: string) => Promise<void>,
): Promise<number | null> {
  const port = await freePort()
  const settings = {
    PORT: String(port),
    LOAN_ENGINE_DATABASE_URL: join(project, "loans.sqlite"),
    LOAN_ENGINE_ACCOUNTS: "se",
    LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
    LOAN_ENGINE_API_KEY: "choose-one",
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_LOG_LEVEL: "error",
  }
  const [file = "", ...args] = command.map((word) => word.replace("{port}", String(port)))
  const env = { ...environment, ...settings }
  const child = spawn(process.execPath, [file, ...args], { cwd: project, env, stdio: "pipe" })
  const said: Array<string> = []
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => said.push(chunk.toString()))
  try {
    const url = `http://127.0.0.1:${port}`
    await expect.poll(() => fetch(url).then(() => said.join("")), { message: said.join("") }).toBeDefined()
    await use(url)
  } catch (cause) {
    throw new Error(`the service said: ${said.join("")}`, { cause })
  } finally {
    child.kill("SIGTERM")
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  }
  return child.exitCode
}

const callback = async (url: string, path: string, reference: string) => {
  const answer = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
    }),
  })
  return [answer.status, await answer.json()]
}
const held = [202, { disposition: "held", reason: "no-evidence" }]

describe("Next.js", () => {
  it("builds the example and takes a callback", async () => {
    const project = await install("next")
    await npmRun("build", project)
    const next = ["node_modules/next/dist/bin/next", "start", "--hostname", "127.0.0.1", "--port", "{port}"]
    await withService(project, next, async (url) => {
      expect(await callback(url, "/callbacks/se", "N-1")).toEqual(held)
      expect((await fetch(`${url}/loans/N-1`)).status).toBe(200)
    })

    // Inside the bundle the engine cannot start its threads. Its error says so and names the setting.
    rmSync(join(project, "next.config.mjs"))
    await npmRun("build", project)
    const opened = withService(project, next, async (url) => {
      expect((await fetch(`${url}/callbacks/se`, { method: "POST" })).status).not.toBe(500)
    })
    await expect(opened).rejects.toThrow('serverExternalPackages: ["@loan-engine/app"]')
  })
})

describe("NestJS", () => {
  it("takes callbacks by a controller, and serves every route below a mount", async () => {
    const project = await install("nest")
    await npmRun("build", project)
    await withService(project, ["dist/main.js"], async (url) => {
      expect(await callback(url, "/callbacks/se", "N-1")).toEqual(held)
      expect(await callback(url, "/bank/callbacks/se", "N-2")).toEqual(held)
      expect(await (await fetch(`${url}/loans/N-1`)).json()).toMatchObject({ stage: "submitted" })
      expect((await fetch(`${url}/bank/health/ready`)).status).toBe(200)
      expect((await fetch(`${url}/bank/console/`)).status).toBe(200)
      expect((await fetch(`${url}/nowhere`)).status).toBe(404)
    })
  })
})

describe("Jest in CommonJS", () => {
  it("runs the example's test", async () => {
    const project = await install("jest")
    const { stderr } = await npmRun("test", project)
    expect(stderr).toContain("1 passed")
  })
})

describe("Vite and React", () => {
  it("builds a page with the client that imports no Node module", async () => {
    const project = await install("vite")
    const { stdout, stderr } = await npmRun("build", project)
    expect(`${stdout}${stderr}`).not.toContain("externalized for browser")
    const built = globSync("dist/assets/*.js", { cwd: project })
    expect(built).toHaveLength(1)
    const importsNode = (file: string): boolean =>
      /(?:from|import|require)\W{1,3}node:/u.test(readFileSync(join(project, file), "utf8"))
    expect(built.filter(importsNode)).toEqual([])
  })
})

describe("node:http, Express, Fastify and Hono", () => {
  it("take a callback with the installed packages", async () => {
    const project = await install("")
    for (const server of ["node-http", "express", "fastify", "hono"]) {
      const code = await withService(project, [`${server}.ts`], async (url) => {
        expect(await callback(url, "/callbacks/se", `${server}-1`)).toEqual(held)
        expect((await fetch(`${url}/loans/${server}-1`)).status).toBe(200)
      })
      expect([server, code]).toEqual([server, 0])
    }
  })
})
