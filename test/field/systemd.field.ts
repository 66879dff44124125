import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { until } from "../stores/postgres/server.ts"
import { startEngine } from "../whole/slice/engine-process.ts"
import { needs } from "./needs.ts"

const unit = inCheckout("deploy/systemd/loan-engine.service")
const directory = mkdtempSync(join(tmpdir(), "loan-engine-systemd-"))
/** The largest allowed exposure is 2.0. `--threshold` takes ten times that number. */
const exposureMax = 20

beforeAll(() => {
  needs("systemd-analyze", "systemd")
  needs("systemd-notify", "systemd")
  needs("python3", "python3")
})
afterAll(() => rmSync(directory, { recursive: true }))

/** Prints each datagram on one line, with blanks in the place of line ends. */
const receiver = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True: print(s.recv(4096).decode().replace("\\n", " "), flush=True)
`

describe("the unit", () => {
  it("is valid for systemd", () => {
    const here = join(directory, "loan-engine.service")
    writeFileSync(here, readFileSync(unit, "utf8").replace("/usr/bin/node", process.execPath))
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", here], { encoding: "utf8" })
    expect([status, stderr]).toEqual([0, ""])
  })

  it("has a low exposure", () => {
    const args = ["security", "--offline=true", `--threshold=${exposureMax}`, unit]
    const { status, stdout } = spawnSync("systemd-analyze", args, { encoding: "utf8" })
    expect([status, stdout.trim().split("\n").at(-1)]).toEqual([0, expect.stringContaining("OK")])
  })
})

it("the engine reports to the service manager when it serves and when it stops", async () => {
  const path = join(directory, "notify")
  const listening = spawn("python3", ["-c", receiver, path], { stdio: ["ignore", "pipe", "inherit"] })
  try {
    let told = ""
    listening.stdout.setEncoding("utf8").on("data", (text: string) => (told += text))
    await Effect.runPromise(until(async () => existsSync(path)))
    const engine = await startEngine(join(directory, "loans.sqlite"), { NOTIFY_SOCKET: path })
    await expect.poll(() => told).toContain(`READY=1 STATUS=listens on ${engine.url}, storing in`)
    expect(told).not.toContain("STOPPING=1")
    expect((await engine.api("GET", "/health/ready")).status).toBe(200)
    expect(await engine.stop()).toBe(0)
    await expect.poll(() => told).toContain("STOPPING=1")
    expect(engine.written()).not.toContain("could not be notified")
  } finally {
    listening.kill("SIGKILL")
  }
})
