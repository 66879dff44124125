import { spawn, spawnSync } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { event } from "../doors/api/api-call.ts"
import type { PostgresServer } from "../stores/postgres/server.ts"
import { startPostgres } from "../stores/postgres/server.ts"
import { freePort } from "../whole/slice/engine-process.ts"
import { needs } from "./needs.ts"

const base = "localhost/node:24-slim"
const image = "localhost/loan-engine:field-test"
const container = `loan-engine-field-test-${process.pid}`
const user = 10_001
const apiKey = "a-long-key-of-the-container"
const authorization = Buffer.from("bank:secret").toString("base64")
const imageBytesMax = 200_000_000
const buildMsMax = 900_000

const directory = mkdtempSync(join(tmpdir(), "loan-engine-container-"))
const secrets = join(directory, "secrets")
const data = join(directory, "data")
let port: number

/** Isolation by chroot, so that the image can also be built on a machine without namespaces. */
const environment = { ...process.env, BUILDAH_ISOLATION: "chroot" }

function run(program: string, ...args: ReadonlyArray<string>): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: inCheckout(""),
    env: environment,
    encoding: "utf8",
  })
  if (status !== 0)
    throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr.slice(-2_000)}`)
  return stdout.trim()
}
const succeeds = (program: string, ...args: ReadonlyArray<string>): boolean =>
  spawnSync(program, args, { env: environment }).status === 0

/** A build in a company network with its own certificate authority needs the authority's certificate. */
const authority = (): ReadonlyArray<string> => {
  const path = process.env["NODE_EXTRA_CA_CERTS"]
  return path === undefined ? [] : ["--secret", `id=ca,src=${path}`]
}

beforeAll(async () => {
  for (const program of ["buildah", "podman", "mmdebstrap", "runc"]) needs(program, program)
  if (!succeeds("buildah", "inspect", "--type", "image", base)) run("deploy/container/base.sh", base)
  const file = "deploy/container/Dockerfile"
  run(
    "buildah",
    "build",
    "--format",
    "docker",
    "--build-arg",
    `BASE=${base}`,
    ...authority(),
    "-f",
    file,
    "-t",
    image,
    ".",
  )
  run("mkdir", "-p", secrets, data)
  writeFileSync(join(secrets, "api-key"), `${apiKey}\n`)
  writeFileSync(join(secrets, "callback-credentials"), `${authorization}\n`)
  chmodSync(directory, 0o755)
  chownSync(data, user, user)
  port = await freePort()
}, buildMsMax)
afterAll(() => {
  spawnSync("podman", ["rm", "--force", "--time", "0", container])
  rmSync(directory, { recursive: true })
})

const shared = {
  LOAN_ENGINE_HOST: "127.0.0.1",
  LOAN_ENGINE_API_KEY_FILE: "/run/secrets/api-key",
  LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC",
  LOAN_ENGINE_CALLBACK_CREDENTIALS_FILE: "/run/secrets/callback-credentials",
}

/** Limits within those of this machine, the host's network, and no systemd timer for the health check. */
const here =
  "--ulimit nofile=4096:4096 --ulimit nproc=1024:1024 --network host --runtime runc --no-healthcheck".split(
    " ",
  )

function start(
  name: string,
  settings: Readonly<Record<string, string>>,
  mounts: ReadonlyArray<string>,
): void {
  const variables = Object.entries(settings).flatMap(([variable, value]) => ["-e", `${variable}=${value}`])
  const readOnly = ["--read-only", "--read-only-tmpfs=false", "-v", `${secrets}:/run/secrets:ro`]
  run("podman", "run", "--detach", "--name", name, ...here, ...readOnly, ...mounts, ...variables, image)
}

const inside = (...command: ReadonlyArray<string>) => run("podman", "exec", container, ...command)
const ask = (path: string) =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${apiKey}` } })
const isReady = () =>
  ask("/health/ready").then(
    ({ status }) => status === 200,
    () => false,
  )

describe("two containers of deploy/compose.yaml, on a PostgreSQL and behind its balancer", () => {
  const names = ["one", "two"].map((name) => `${container}-${name}`)
  let postgres: PostgresServer
  let balancer: ChildProcess
  let balanced: number
  beforeAll(async () => {
    needs("haproxy", "haproxy")
    postgres = await startPostgres()
    writeFileSync(join(secrets, "database-url"), await postgres.newDatabase())
    let recipe = readFileSync(inCheckout("deploy/haproxy/compose.cfg"), "utf8")
    balanced = await freePort()
    recipe = recipe.replace("bind :8080", `bind 127.0.0.1:${balanced}`)
    for (const name of names) {
      const own = await freePort()
      recipe = recipe.replace(/engine-(?:one|two):8080/u, `127.0.0.1:${own}`)
      const settings = {
        ...shared,
        LOAN_ENGINE_DATABASE_URL: "",
        LOAN_ENGINE_DATABASE_URL_FILE: "/run/secrets/database-url",
      }
      start(name, { ...settings, LOAN_ENGINE_PORT: String(own) }, ["--tmpfs", `/data:mode=1777`])
    }
    const path = join(directory, "balancer.cfg")
    writeFileSync(path, recipe)
    balancer = spawn("haproxy", ["-db", "-f", path], { stdio: "ignore" })
  })
  afterAll(async () => {
    for (const name of names) spawnSync("podman", ["rm", "--force", "--time", "0", name])
    balancer.kill("SIGKILL")
    await postgres.remove()
  })

  const send = (reference: string) =>
    fetch(`http://127.0.0.1:${balanced}/callbacks/default`, {
      method: "POST",
      headers: { authorization: `Basic ${authorization}`, "content-type": "application/json" },
      body: event(reference, "SIGNED"),
    }).then(
      ({ status }) => status,
      () => 0,
    )

  it("make the tables, take callbacks, and continue when one of them stops", async () => {
    await expect.poll(() => send("balanced")).toBe(200)
    const [first = ""] = names
    run("podman", "stop", "--time", "60", first)
    expect(run("podman", "inspect", first, "--format", "{{.State.ExitCode}}")).toBe("0")
    for (let sent = 0; sent < 50; sent++) expect(await send(`balanced-${sent}`)).toBe(200)
  })
})

describe("the container", () => {
  it("is small, has no shell, and names its user, its signal and its check", () => {
    const [read] = JSON.parse(run("podman", "image", "inspect", image)) as ReadonlyArray<{
      readonly Size: number
      readonly Config: object
      readonly Healthcheck: object
    }>
    expect(read?.Size).toBeLessThan(imageBytesMax)
    expect(read?.Config).toMatchObject({
      User: `${user}:${user}`,
      StopSignal: "SIGTERM",
      Volumes: { "/data": {} },
    })
    expect(read?.Healthcheck).toMatchObject({ Test: ["CMD", "node", "/opt/loan-engine/healthy.mjs"] })
  })

  it("runs with a read-only root and its secrets in files, and takes a callback", async () => {
    start(container, { ...shared, LOAN_ENGINE_PORT: String(port) }, ["-v", `${data}:/data`])
    await expect.poll(isReady).toBe(true)
    const answer = await fetch(`http://127.0.0.1:${port}/callbacks/default`, {
      method: "POST",
      headers: { authorization: `Basic ${authorization}`, "content-type": "application/json" },
      body: event("contained", "SIGNED"),
    })
    expect(answer.status).toBe(200)
  })

  it("is the first process, under a user of its own, and writes to nothing but its volume", () => {
    inside("node", "/opt/loan-engine/healthy.mjs")
    const looked = inside(
      "node",
      "-p",
      `const { readFileSync, writeFileSync } = require("node:fs")
      const writes = (path) => { try { writeFileSync(path, "") } catch ({ code }) { return code } }
      JSON.stringify([process.getuid(), readFileSync("/proc/1/cmdline", "utf8").split("\\0")[1], writes("/tried"), writes("/opt/loan-engine/tried"), writes("/data/tried") ?? "written"])`,
    )
    expect(JSON.parse(looked)).toEqual([user, "/opt/loan-engine/dist/main.js", "EROFS", "EROFS", "written"])
    expect(succeeds("podman", "exec", container, "sh", "-c", "true")).toBe(false)
  })

  it("has every command", () => {
    expect(inside("node", "/opt/loan-engine/dist/main.js", "status", "contained")).toContain("signed")
    expect(inside("node", "/opt/loan-engine/dist/main.js", "journal", "verify")).toContain("sound")
  })

  it("ends with 0 on SIGTERM, and has its loan after a restart", async () => {
    run("podman", "stop", "--time", "60", container)
    expect(run("podman", "inspect", container, "--format", "{{.State.ExitCode}}")).toBe("0")
    run("podman", "start", container)
    await expect.poll(isReady).toBe(true)
    expect(await (await ask("/v1/loans/contained")).json()).toMatchObject({ stage: "signed" })
  })
})
