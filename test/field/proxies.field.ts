import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import type { IncomingMessage } from "node:http"
import { Agent, request as httpsRequest } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeAuthority } from "../../packages/adapters-http/test/http/authority.ts"
import { inCheckout } from "../checkout.ts"
import { event } from "../doors/api/api-call.ts"
import type { PostgresServer } from "../stores/postgres/server.ts"
import { startPostgres, until } from "../stores/postgres/server.ts"
import { apiKey, callbackAuthorization, freePort, startEngine } from "../whole/slice/engine-process.ts"
import type { EngineProcess } from "../whole/slice/engine-process.ts"
import { needs } from "./needs.ts"

const host = "loans.example"
/** The client's address, which differs from the proxy's. */
const clientAddress = "127.0.0.2"
const authority = makeAuthority()
const { cert, key } = authority.sign(host)

interface Recipe {
  readonly name: string
  readonly file: string
  /** The names of the certificate's files in the recipe. */
  readonly certificate: Readonly<Record<string, string>>
  readonly port: readonly [string, (port: number) => string]
  /** Completes the recipe with the test's own paths. `command` runs it. */
  readonly complete: (recipe: string, directory: string) => string
  readonly command: (path: string, directory: string) => readonly [string, ReadonlyArray<string>]
}

const recipes: ReadonlyArray<Recipe> = [
  {
    name: "nginx",
    file: "deploy/nginx/loan-engine.conf",
    certificate: { "/etc/nginx/loans.example.crt": cert, "/etc/nginx/loans.example.key": key.toString() },
    port: ["listen 443", (port) => `listen 127.0.0.1:${port}`],
    complete: (recipe, directory) =>
      [
        "daemon off;",
        `pid ${directory}/nginx.pid;`,
        "error_log stderr;",
        "events {}",
        "http {",
        "access_log off;",
        ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
          (each) => `${each}_temp_path ${directory}/${each};`,
        ),
        recipe,
        "}",
      ].join("\n"),
    command: (path, directory) => ["nginx", ["-p", directory, "-e", "stderr", "-c", path]],
  },
  {
    name: "haproxy",
    file: "deploy/haproxy/loan-engine.cfg",
    certificate: { "/etc/haproxy/loans.example.pem": cert + key.toString() },
    port: ["bind :443", (port) => `bind 127.0.0.1:${port}`],
    complete: (recipe) => recipe,
    command: (path) => ["haproxy", ["-db", "-f", path]],
  },
]

/** Replaces a text of the recipe. If the recipe no longer has the text, the test fails here. */
function put(recipe: string, from: string, to: string): string {
  if (!recipe.includes(from)) throw new Error(`the recipe does not say ${from} any more`)
  return recipe.replaceAll(from, to)
}

let postgres: PostgresServer
beforeAll(async () => {
  for (const { name } of recipes) needs(name, name)
  postgres = await startPostgres()
})
afterAll(() => postgres.remove())

describe.each(recipes)("$name", ({ file, certificate, port: [bound, binds], complete, command }) => {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-proxy-"))
  const environment = {
    LOAN_ENGINE_PATH_PREFIX: "/loans",
    LOAN_ENGINE_TRUSTED_PROXIES: "127.0.0.1",
    LOAN_ENGINE_KEEP_ALIVE_MS_MAX: "75000",
    LOAN_ENGINE_WRONG_KEYS_PER_SOURCE_MAX: "1",
  }
  let database: string
  let ports: ReadonlyArray<number>
  let engines: Array<EngineProcess>
  let proxy: ChildProcess
  let port: number
  let said = ""
  const agent = new Agent({ ca: authority.certificate, keepAlive: true })

  const startOne = (index: number): Promise<EngineProcess> => startEngine(database, environment, ports[index])

  beforeAll(async () => {
    chmodSync(directory, 0o755)
    database = await postgres.newDatabase()
    ports = [await freePort(), await freePort()]
    port = await freePort()
    engines = [await startOne(0), await startOne(1)]
    let recipe = put(readFileSync(inCheckout(file), "utf8"), bound, binds(port))
    for (const [index, own] of ports.entries())
      recipe = put(recipe, `127.0.0.1:808${index}`, `127.0.0.1:${own}`)
    for (const [index, [path, content]] of Object.entries(certificate).entries()) {
      const own = join(directory, `certificate-${index}`)
      writeFileSync(own, content)
      recipe = put(recipe, path, own)
    }
    const path = join(directory, "recipe")
    writeFileSync(path, complete(recipe, directory))
    const [program, args] = command(path, directory)
    proxy = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] })
    for (const stream of [proxy.stdout, proxy.stderr]) stream?.on("data", (bytes) => (said += String(bytes)))
    const isUp = async () => {
      if (proxy.exitCode !== null) throw new Error(`the proxy ended: ${said}`)
      return (await statusOf("/loans/v1/key").catch(() => 0)) === 200
    }
    await Effect.runPromise(until(isUp))
  })
  afterAll(async () => {
    agent.destroy()
    const ended = once(proxy, "exit")
    proxy.kill("SIGTERM")
    await ended
    await Promise.all(engines.map((engine) => engine.stop()))
    rmSync(directory, { recursive: true })
  })

  const open = (
    path: string,
    { headers = {}, ...options }: { method?: string; headers?: Record<string, string> } = {},
  ) =>
    httpsRequest({
      host: "127.0.0.1",
      port,
      servername: host,
      localAddress: clientAddress,
      path,
      agent,
      headers: { host, authorization: `Bearer ${apiKey}`, ...headers },
      ...options,
    })
  const answerOf = async (sent: ReturnType<typeof open>): Promise<IncomingMessage> => {
    const [answer] = (await once(sent, "response")) as [IncomingMessage]
    return answer
  }
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await answerOf(open(path, { headers }).end())
    return { status: answer.statusCode, headers: answer.headers, body: await text(answer) }
  }
  const statusOf = async (path: string) => (await get(path)).status
  const openCallback = () =>
    open("/loans/callbacks/default", {
      method: "POST",
      headers: { authorization: callbackAuthorization, "content-type": "application/json" },
    })
  const callback = async (body: string) => {
    const answer = await answerOf(openCallback().end(body))
    await text(answer)
    return answer.statusCode
  }

  it("forwards requests below the prefix, by TLS, and nothing else", async () => {
    expect(await callback(event("proxied", "SIGNED"))).toBe(200)
    for (const path of ["/loans/v1/loans/proxied", "/loans/docs", "/loans/openapi.json"]) {
      expect([path, await statusOf(path)]).toEqual([path, 200])
    }
    const console = await get("/loans/console")
    expect([console.status, console.headers.location]).toEqual([308, "console/"])
    for (const path of ["/v1/loans/proxied", "/loans/metrics", "/loans/health/ready", "/"]) {
      expect([path, await statusOf(path)]).toEqual([path, 404])
    }
  })

  it("forwards the sender's address, and not an address that the sender invents", async () => {
    const invented = { authorization: "Bearer guess", "x-forwarded-for": "1.2.3.4", forwarded: "for=1.2.3.4" }
    await get("/loans/v1/key", invented)
    await get("/loans/v1/key", invented)
    const written = engines.map((engine) => engine.written()).join("")
    expect(written).toContain(`"source":"${clientAddress}"`)
    expect(written).not.toContain("1.2.3.4")
  })

  it("waits for a slow body without a delay for others", async () => {
    const body = event("slow", "SIGNED")
    const slow = openCallback()
    slow.setHeader("content-length", Buffer.byteLength(body))
    slow.write(body.slice(0, 10))
    expect(await callback(event("quick", "SIGNED"))).toBe(200)
    for (const letter of body.slice(10)) slow.write(letter)
    const answer = await answerOf(slow.end())
    expect([answer.statusCode, await text(answer)]).toEqual([200, '{"disposition":"advanced"}'])
  })

  it("forwards each change at once, while its stream is open", async () => {
    const stream = await answerOf(
      open("/loans/v1/changes", { headers: { accept: "text/event-stream" } }).end(),
    )
    expect(stream.statusCode).toBe(200)
    let seen = ""
    stream.setEncoding("utf8").on("data", (part: string) => (seen += part))
    await expect.poll(() => seen).toContain("retry:")
    for (const reference of ["streamed-1", "streamed-2"]) {
      expect(await callback(event(reference, "SIGNED"))).toBe(200)
      await expect.poll(() => seen).toContain(reference)
    }
    expect(stream.readableEnded).toBe(false)
    stream.destroy()
  })

  it("refuses no callback while the engines are restarted, one after the other", async () => {
    let sent = 0
    const over = new AbortController()
    const statuses = new Set<number | string | undefined>()
    const sending = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted)
        statuses.add(await callback(event(`rolling-${sent++}`, "SIGNED")).catch(String))
    })
    for (const index of [0, 1]) {
      const before = sent
      expect(await engines[index]?.stop()).toBe(0)
      await expect.poll(() => sent).toBeGreaterThan(before + 50)
      engines[index] = await startOne(index)
      const after = sent
      await expect.poll(() => sent).toBeGreaterThan(after + 200)
    }
    over.abort()
    await Promise.all(sending)
    expect([[...statuses], said]).toEqual([[200], said])
    for (const reference of [`rolling-0`, `rolling-${sent - 1}`]) {
      expect(await statusOf(`/loans/v1/loans/${reference}`)).toBe(200)
    }
  })
})
