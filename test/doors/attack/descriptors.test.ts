import { mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import type { Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { verifyFile } from "../../engine/journal/lived-store.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-descriptors-"))
afterAll(() => rmSync(directory, { recursive: true }))

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

/** The limit is more than Node, the store and its threads need, and less than the attacker's connections. */
const descriptorsMax = 64
const held = 120

/** Only a Unix shell can set this limit for one process. */
describe.runIf(process.platform !== "win32")("an engine that runs out of descriptors", () => {
  it("loses nothing that it acknowledged, and serves again when descriptors are free", async () => {
    const path = join(directory, "few.sqlite")
    const engine = await startEngine(
      path,
      { LOAN_ENGINE_STOP_DRAIN_MS: "1" },
      undefined,
      `-n ${descriptorsMax}`,
    )
    expect((await engine.callback(signed("before"))).status).toBe(200)
    const { port } = new URL(engine.url)
    const sockets: Array<Socket> = []
    const opened = Array.from({ length: held }, () => {
      const socket = connect(Number(port), "127.0.0.1")
      sockets.push(socket)
      return new Promise<void>((resolve) => {
        socket.once("connect", resolve).once("error", () => resolve())
      })
    })
    await Promise.all(opened)
    const meanwhile = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) => engine.callback(signed(`meanwhile-${index}`))),
    )
    for (const socket of sockets) socket.destroy()
    await expect.poll(async () => (await engine.callback(signed("after"))).status).toBe(200)
    const acknowledged = meanwhile.flatMap((answer, index) =>
      answer.status === "fulfilled" && answer.value.status === 200 ? [`meanwhile-${index}`] : [],
    )
    for (const reference of ["before", ...acknowledged, "after"]) {
      expect((await engine.api("GET", `/v1/loans/${reference}`)).status).toBe(200)
    }
    expect(await engine.stop()).toBe(0)
    expect((await verifyFile(path)).findings).toEqual([])
  })
})
