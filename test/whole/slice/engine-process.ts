import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { createInterface } from "node:readline"
import { childEnvironment, mainPath } from "../../checkout.ts"

export const apiKey = "test-api-key"
const callbackCredentials = Buffer.from("bank:secret").toString("base64")
export const callbackAuthorization = `Basic ${callbackCredentials}`

/**
 * These ports are below those that operating systems assign. So no connection takes an engine's port between two runs
 * of this engine.
 */
const [portMin, portMax] = [10_240, 32_000]
const given = new Set<number>()

/** A free port that no other test file of this run gets. Each worker has its own range. */
export async function freePort(): Promise<number> {
  const workers = 16
  const worker = Number(process.env["VITEST_POOL_ID"] ?? process.pid) % workers
  for (;;) {
    const port = portMin + workers * Math.floor((Math.random() * (portMax - portMin)) / workers) + worker
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
  } catch {
    return false
  }
  server.close()
  await once(server, "close")
  return true
}

/**
 * Each request uses a new connection, because the engine may close an open one while the next request is written. The
 * answer is not compressed, because Node's fetch cannot read a long compressed answer if the connection closes after
 * it.
 */
const onItsOwnConnection = { connection: "close", "accept-encoding": "identity" }

export interface EngineProcess {
  readonly url: string
  readonly pid: number
  /** Everything that the process has written to stdout and stderr so far. */
  readonly written: () => string
  readonly callback: (body: string | Uint8Array, headers?: Record<string, string>) => Promise<Response>
  readonly api: (method: string, path: string, body?: string, contentType?: string) => Promise<Response>
  /** Sends SIGKILL, so the process ends without a clean stop. */
  readonly kill: () => Promise<void>
  /** Sends SIGTERM. The result is the exit code. */
  readonly stop: () => Promise<number | null>
}

/**
 * Kills all engines at the end of the test process. Otherwise a test that fails early would leave its engine running.
 */
const running = new Set<ChildProcess>()
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")))

type CommandLine = readonly [string, ...ReadonlyArray<string>]

/** Runs a command under a limit of `ulimit`: `-f` for the blocks of a file, `-n` for descriptors. */
const limited = (command: CommandLine, limit: string | undefined): CommandLine =>
  limit === undefined ? command : ["sh", "-c", `ulimit ${limit}; exec "$0" "$@"`, ...command]

/** Starts `loan-engine serve` as a child process and waits until it listens. `limit` is an argument of `ulimit`. */
export async function startEngine(
  databasePath: string,
  environment: Readonly<Record<string, string>> = {},
  fixedPort?: number,
  limit?: string,
): Promise<EngineProcess> {
  const port = fixedPort ?? (await freePort())
  const [command, ...parameters] = limited([process.execPath, mainPath, "serve"], limit)
  const child = spawn(command, parameters, {
    env: {
      ...childEnvironment,
      LOAN_ENGINE_PORT: String(port),
      LOAN_ENGINE_DATABASE_URL: databasePath,
      LOAN_ENGINE_API_KEY: apiKey,
      LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC",
      LOAN_ENGINE_CALLBACK_CREDENTIALS: callbackCredentials,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let written = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (written += text))
  }
  running.add(child)
  const exited = once(child, "close").finally(() => running.delete(child))
  const lines = createInterface({ input: child.stdout })
  const listening = (async () => {
    for await (const line of lines) if (line.includes("listens on")) return
    throw new Error(`the engine ended before it listened: ${written}`)
  })()
  await listening
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    pid: child.pid ?? 0,
    written: () => written,
    callback: (body, headers = {}) =>
      fetch(`${url}/callbacks/default`, {
        method: "POST",
        headers: {
          ...onItsOwnConnection,
          "content-type": "application/json",
          authorization: callbackAuthorization,
          ...headers,
        },
        body: typeof body === "string" ? body : Buffer.from(body),
      }),
    api: (method, path, body, contentType = "application/json") =>
      fetch(`${url}${path}`, {
        method,
        headers: { ...onItsOwnConnection, authorization: `Bearer ${apiKey}`, "content-type": contentType },
        ...(body === undefined ? {} : { body }),
      }),
    kill: async () => {
      child.kill("SIGKILL")
      await exited
    },
    stop: async () => {
      child.kill("SIGTERM")
      const [code] = await exited
      return typeof code === "number" ? code : null
    },
  }
}
