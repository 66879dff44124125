import { execFile, execFileSync, spawn, spawnSync } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import { childEnvironment, inCheckout, mainPath, withoutOurs, sourceMainPath } from "../../checkout.ts"
import { runCli } from "../../doors/cli/run-cli.ts"
import { startEngine } from "./engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-ends-"))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
const environment = (more: Readonly<Record<string, string>> = {}) => ({
  ...childEnvironment,
  LOAN_ENGINE_DATABASE_URL: join(directory, `${files++}.sqlite`),
  LOAN_ENGINE_PORT: "0",
  LOAN_ENGINE_API_KEY: "key",
  LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
  LOAN_ENGINE_STOP_DRAIN_MS: "1",
  ...more,
})

/**
 * Starts a command that starts an engine as a descendant. The result has the engine's pid, once it listens, and the
 * end of the output.
 */
async function start(command: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv) {
  const child = spawn(command, args, { cwd: inCheckout(""), env, stdio: ["ignore", "pipe", "pipe"] })
  running.add(child)
  await once(child, "spawn")
  let written = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written += text))
  // The output ends when the last process that uses it has ended, at any depth below the command.
  const ended = once(child.stdout, "close")
  for await (const line of createInterface({ input: child.stdout })) {
    written += `${line}\n`
    if (line.includes("listens on")) break
  }
  child.stdout.resume()
  return { child, ended, written: () => written }
}
const running = new Set<ChildProcess>()
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")))

/**
 * A package manager that runs the following command with a shell, as npx does. The shell passes on no signal. Its
 * folder has a blank in its name, and so has Node's folder.
 */
function packageManager(): readonly [string, string] {
  const bin = join(directory, "a folder")
  mkdirSync(bin, { recursive: true })
  const [node, script] = [join(bin, "node"), join(bin, "npx")]
  if (!existsSync(node)) symlinkSync(process.execPath, node)
  writeFileSync(
    script,
    `const { spawn } = require("node:child_process")
const child = spawn("sh", ["-c", '"$0" "$@"; exit $?', ...process.argv.slice(2)], { stdio: "inherit" })
process.on("SIGTERM", () => child.kill("SIGTERM"))
child.on("exit", () => process.exit(0))
`,
  )
  return [node, script]
}

/** The command line of a process. A bare Linux has no `ps`. */
const commandOf = async (pid: number): Promise<string> =>
  process.platform === "linux"
    ? readFileSync(`/proc/${pid}/cmdline`, "utf8")
    : (await promisify(execFile)("ps", ["-p", String(pid), "-o", "args="])).stdout

describe("an engine that a package manager has started", () => {
  const words = [process.execPath, mainPath, "serve"]

  it.each(["SIGTERM", "SIGKILL"] as const)(
    "stops when the package manager ends by %s, and leaves its file to the next engine",
    async (signal) => {
      const env = environment()
      const [manager, script] = packageManager()
      const { child, ended, written } = await start(manager, [script, ...words], env)
      child.kill(signal)
      await ended
      expect(written()).toContain("the engine has stopped")
      const next = await start(process.execPath, words.slice(1), env)
      next.child.kill("SIGTERM")
      await next.ended
    },
  )

  it("is found below two package managers, as npx and pnpm start it", async () => {
    const [manager, script] = packageManager()
    const { child, ended, written } = await start(manager, [script, manager, script, ...words], environment())
    child.kill("SIGTERM")
    await ended
    expect(written()).toContain("the engine has stopped")
  })

  it("continues without the package manager if this is configured", async () => {
    const env = environment({ LOAN_ENGINE_STOP_WITH_LAUNCHER: "false", LOAN_ENGINE_LOG_LEVEL: "error" })
    const [manager, script] = packageManager()
    const { child, ended, written } = await start(manager, [script, ...words], env)
    const url = /http:\S+\d/u.exec(written())?.[0] ?? ""
    child.kill("SIGKILL")
    await once(child, "exit")
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    const { err } = await runCli(["serve"], { ...env })
    const pid = Number(/\(process (\d+) on host/u.exec(err)?.[1])
    expect(await commandOf(pid)).toContain("main")
    process.kill(pid, "SIGTERM")
    await ended
  })
})

describe.runIf(process.platform === "linux")("a process without free descriptors", () => {
  it("knows whether its package manager is running or has ended", async () => {
    const { pid: endedPid } = spawnSync("true")
    const script = fileURLToPath(new URL("./without-descriptors.ts", import.meta.url))
    const { stdout } = await promisify(execFile)(
      "sh",
      ["-c", 'ulimit -n 64; exec "$0" "$@"', process.execPath, script, String(process.pid), String(endedPid)],
      { env: childEnvironment },
    )
    expect(JSON.parse(stdout)).toEqual([true, false])
  })
})

describe("an engine that is told to stop while it loads its modules", () => {
  it("stops, although it could handle the signal only after loading", async () => {
    const sent = join(directory, "sent")
    const hold = join(directory, "hold-still.mjs")
    // Holds the process like the load of a large module: meanwhile nothing else runs in it.
    writeFileSync(
      hold,
      `import { existsSync, writeSync } from "node:fs"
import { registerHooks } from "node:module"
registerHooks({
  load(url, context, next) {
    if (url.endsWith("/program.ts")) {
      writeSync(1, "it listens on nothing yet\\n")
      const still = new Int32Array(new SharedArrayBuffer(4))
      while (!existsSync(${JSON.stringify(sent)})) Atomics.wait(still, 0, 0, 10)
    }
    return next(url, context)
  },
})
`,
    )
    const { child, ended, written } = await start(
      process.execPath,
      ["--import", hold, sourceMainPath, "serve"],
      environment(),
    )
    child.kill("SIGTERM")
    writeFileSync(sent, "")
    await ended
    expect(written()).not.toContain("the engine is ready")
  })
})

describe("the documented command", () => {
  it("leaves no engine behind when it is stopped by SIGTERM", async () => {
    const args = ["-y", "pnpm@12", "loan-engine", "serve"]
    // npx needs more environment variables than an engine, such as its cache and its registry.
    const { child, ended, written } = await start("npx", args, {
      ...withoutOurs(process.env),
      ...environment(),
    })
    expect([child.exitCode, child.signalCode], written()).toEqual([null, null])
    child.kill("SIGTERM")
    await ended
    expect(written()).toContain("the engine has stopped")
  })
})

/** Whether this system allows a test its own process namespace, whose first process has number 1. */
const namespaces = (() => {
  try {
    execFileSync("unshare", ["--fork", "--pid", "--mount-proc", "true"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

describe.runIf(namespaces)("an engine that is the first process of a container", () => {
  const contained = ["--fork", "--pid", "--mount-proc", "--kill-child"]
  /** The pid, outside the namespace, of the first process. Inside, its pid is 1. */
  const firstOf = (child: ChildProcess): number =>
    Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim())

  it("stops at SIGTERM within its grace", async () => {
    const { child, ended, written } = await start(
      "unshare",
      [...contained, process.execPath, mainPath, "serve"],
      environment(),
    )
    process.kill(firstOf(child), "SIGTERM")
    await ended
    expect(written()).toContain("the engine has stopped")
  })

  it("also stops when the signal comes before it has loaded", async () => {
    // The module's first line has run, so the module is loaded. The program after it is held until the signal has
    // been sent.
    const hold = join(directory, "hold.mjs")
    writeFileSync(
      hold,
      `import { registerHooks } from "node:module"
let first = true
registerHooks({
  load(url, context, next) {
    if (url.endsWith("/program.ts") && first) {
      first = false
      process.stdout.write("it listens on nothing yet\\n")
      setInterval(() => {}, 1_000)
      return { format: "module", shortCircuit: true, source: "await new Promise(() => {}); export const run = () => {}" }
    }
    return next(url, context)
  },
})
`,
    )
    const args = [...contained, process.execPath, "--import", hold, mainPath, "serve"]
    const { child, ended } = await start("unshare", args, environment())
    process.kill(firstOf(child), "SIGTERM")
    await ended
  })
})

describe("a stop that hangs", () => {
  it("ends after the grace, and logs this", async () => {
    const script = fileURLToPath(new URL("./stubborn-stop.ts", import.meta.url))
    const child = spawn(process.execPath, [script, "50"], { env: childEnvironment })
    const exited = once(child, "exit")
    let written = ""
    child.stdout.on("data", (text: Buffer) => (written += text.toString()))
    await expect.poll(() => written).toContain("started")
    child.kill("SIGTERM")
    expect(await exited).toEqual([1, null])
    await expect.poll(() => written).toContain("longer than its grace")
  })
})

describe("a file that an engine uses", () => {
  it("is refused to a second engine, which names the owner and the time, under any name of the file", async () => {
    const path = join(directory, "held.sqlite")
    const before = Date.now()
    const engine = await startEngine(path)
    const link = join(directory, "link.sqlite")
    symlinkSync(path, link)
    for (const name of [path, link]) {
      const { code, err } = await runCli(["serve"], {
        ...environment(),
        LOAN_ENGINE_DATABASE_URL: name,
      })
      expect(code).toBe(2)
      const [, pid, host, since = ""] = /\(process (\d+) on host (\S+), since (\S+)\)/u.exec(err) ?? []
      expect([Number(pid), host]).toEqual([engine.pid, hostname()])
      expect(Date.parse(since)).toBeGreaterThanOrEqual(before)
    }
    await engine.kill()
    const next = await startEngine(path)
    const { err } = await runCli(["serve"], { ...environment(), LOAN_ENGINE_DATABASE_URL: path })
    expect(err).toContain(`(process ${next.pid} on`)
    await next.stop()
  })
})
