import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../doors/cli/run-cli.ts"
import { verifyFile } from "../engine/journal/lived-store.ts"
import { startEngine } from "../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-small-disk-"))
beforeAll(() => {
  if (process.getuid?.() !== 0) throw new Error("only root may mount a small file system: run this as root")
})
afterAll(() => rmSync(directory, { recursive: true }))

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

/** Mounts a small file system for the duration of the work. */
async function onSmallDisk(
  name: string,
  options: string,
  work: (place: string) => Promise<void>,
): Promise<void> {
  const place = join(directory, name)
  mkdirSync(place)
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", place])
  try {
    await work(place)
  } finally {
    execFileSync("umount", ["--lazy", place])
  }
}

describe("a disk without", () => {
  it("room: 503, not ready, the reason in the log; nothing acknowledged is lost, and the engine continues when there is room", async () => {
    await onSmallDisk("full", "size=3m", async (place) => {
      const path = join(place, "loans.sqlite")
      const engine = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
      const acknowledged: Array<string> = []
      let status = 200
      while (status === 200) {
        const reference = `full-${acknowledged.length}`
        ;({ status } = await engine.callback(signed(reference)))
        if (status === 200) acknowledged.push(reference)
      }
      expect(status).toBe(503)
      expect(engine.written()).toContain("The disk is full")
      await expect.poll(async () => (await fetch(`${engine.url}/health/ready`)).status).toBe(503)
      execFileSync("mount", ["-o", "remount,size=12m", place])
      await expect.poll(async () => (await engine.callback(signed("later"))).status).toBe(200)
      for (const reference of acknowledged) {
        expect((await engine.api("GET", `/v1/loans/${reference}`)).status).toBe(200)
      }
      expect(await engine.stop()).toBe(0)
      expect(await verifyFile(path)).toMatchObject({ loans: acknowledged.length + 1, findings: [] })
    })
  })

  it("much room: doctor warns", async () => {
    await onSmallDisk("little", "size=20m", async (place) => {
      const path = join(place, "loans.sqlite")
      const engine = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
      const { out } = await runCli(["doctor", "--json"], { LOAN_ENGINE_DATABASE_URL: path })
      expect(JSON.parse(out)).toContainEqual(
        expect.objectContaining({
          name: "disk",
          state: "warning",
          found: expect.stringMatching(/^only \d+ MiB are free/u),
        }),
      )
      expect(await engine.stop()).toBe(0)
    })
  })

  it("the right to write ends the engine with an error that says so, and doctor fails", async () => {
    await onSmallDisk("read-only", "size=20m", async (place) => {
      const path = join(place, "loans.sqlite")
      const engine = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
      expect((await engine.callback(signed("A"))).status).toBe(200)
      expect(await engine.stop()).toBe(0)
      const before = readFileSync(path)
      execFileSync("mount", ["-o", "remount,ro", place])
      await expect(startEngine(path)).rejects.toThrow(/writable/u)
      const environment = { LOAN_ENGINE_DATABASE_URL: path }
      const redacted = await runCli(["journal", "redact", "A", "--by", "Ada", "--reason", "x"], environment)
      expect([redacted.code, redacted.err]).toEqual([
        2,
        expect.stringMatching(/cannot be (?:opened|written)/u),
      ])
      const { out } = await runCli(["doctor", "--json"], environment)
      expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ name: "disk", state: "failed" }))
      expect(readFileSync(path).equals(before)).toBe(true)
    })
  })

  it("inodes: the start is refused with a hint, and a running engine continues", async () => {
    await onSmallDisk("inodes", "size=20m,nr_inodes=8", async (place) => {
      const path = join(place, "loans.sqlite")
      const engine = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
      let files = 0
      try {
        for (; ; files++) writeFileSync(join(place, `filler-${files}`), "")
      } catch {
        // The loop ends when no inode is left.
      }
      expect((await engine.callback(signed("A"))).status).toBe(200)
      expect((await fetch(`${engine.url}/health/ready`)).status).toBe(200)
      expect(await engine.stop()).toBe(0)
      await expect(startEngine(join(place, "another.sqlite"))).rejects.toThrow(/cannot be (?:opened|taken)/u)
    })
  })
})
