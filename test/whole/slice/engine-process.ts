import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { createInterface } from "node:readline"
import { childEnvironment, mainPath } from "../../checkout.ts"

export const apiKey = "test-api-key"
const callbackCredentials = Buffer.from("bank:secret").toString("base64")
export const callbackAuthorization = `Basic ${callbackCredentials}`

/** Below the ports that systems hand out by themselves, so that no connection takes one between two lives of an engine. */
const [portMin, portMax] = [10_240, 32_000]
const given = new Set<number>()

/** A port that is free, and that no other file of this run is given: each worker has its own. */
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
 * A connection that was kept may be closed by the engine just as the next request is written to it. Node's fetch cannot read a long
 * compressed answer on a connection that is closed behind it.
 */
const onItsOwnConnection = { connection: "close", "accept-encoding": "identity" }

export interface EngineProcess {
  readonly url: string
  readonly pid: number
  /** All that it has written so far, to stdout and stderr. */
  readonly written: () => string
  readonly callback: (body: string | Uint8Array, headers?: Record<string, string>) => Promise<Response>
  readonly api: (method: string, path: string, body?: string, contentType?: string) => Promise<Response>
  /** SIGKILL: nothing is said goodbye to. */
  readonly kill: () => Promise<void>
  /** SIGTERM; gives the exit code. */
  readonly stop: () => Promise<number | null>
}

/** A test that fails before it stops its engine leaves no orphan. */
const running = new Set<ChildProcess>()
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")))

type CommandLine = readonly [string, ...ReadonlyArray<string>]

/** The same command under a limit of the operating system's, as `ulimit` takes it: `-f` blocks of a file, `-n` descriptors. */
const limited = (command: CommandLine, limit: string | undefined): CommandLine =>
  limit === undefined ? command : ["sh", "-c", `ulimit ${limit}; exec "$0" "$@"`, ...command]

/** `loan-engine serve` as a child process, ready to be asked; under a limit of the system's, if one is given. */
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
