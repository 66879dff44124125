import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { anchorLine, anchorsIn } from "@loan-engine/app/journal/anchor"
import { readStamp, stampRequest } from "@loan-engine/app/journal/time-stamp"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"
import { propertySeed } from "../../proof/properties/settings.ts"
import { startPostgres } from "../../stores/postgres/server.ts"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { makeStamper, startStamper } from "./stamp-service.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-stamps-"))
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await server.remove()
  rmSync(directory, { recursive: true })
})

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

/** Every run alters other bytes. */
const bytesApart = 17

const anchor = { number: 150, hash: "ab".repeat(32) }
const read = (bytes: Uint8Array, about = anchor) => Effect.runPromise(readStamp(about, bytes))

describe("a time stamp", () => {
  // OpenSSL made this answer to our request, by a test authority: openssl ts -reply.
  const byOpenssl = readFileSync(new URL("openssl-stamp.tsr", import.meta.url))

  it("of another implementation is read, if it is about the anchor", async () => {
    // openssl x509 -in the certificate -outform der | sha256sum
    const certificate = "b2739df34ed3f88d94334210cfc72e8a4194213fc8955f60b4affecec6f97846"
    const at = new Date("2026-11-30T10:52:13Z")
    expect(await read(byOpenssl)).toEqual({ at, name: "Test time-stamp service", certificate })
    expect(await read(byOpenssl, { ...anchor, number: 151 })).toBeUndefined()
    expect(await read(byOpenssl, { ...anchor, hash: "ac".repeat(32) })).toBeUndefined()
  })

  it("says nothing else, if any byte is altered", async () => {
    const genuine = JSON.stringify(await read(byOpenssl))
    for (let at = propertySeed % bytesApart; at < byOpenssl.length; at += bytesApart) {
      const altered = Buffer.from(byOpenssl)
      altered[at] = (altered[at] ?? 0) ^ 1
      const stamp = await read(altered)
      if (stamp !== undefined) expect(JSON.stringify(stamp)).toBe(genuine)
    }
  })

  it("with the certificate of another service in it is refused", async () => {
    const request = await Effect.runPromise(stampRequest(anchor))
    const at = new Date("2020-05-01T00:00:00Z")
    const [one, other] = [await makeStamper("A service"), await makeStamper("B service")]
    expect(await read(await one(request, at))).toMatchObject({ at, name: "A service" })
    const renamed = Buffer.from(
      (await other(request, at)).toString("latin1").replaceAll("B s", "A s"),
      "latin1",
    )
    expect(await read(renamed)).toBeUndefined()
    for (const junk of [Buffer.alloc(0), Buffer.from("<html>"), request])
      expect(await read(junk)).toBeUndefined()
  })
})

describe("an engine with a time-stamp service", () => {
  const start = (path: string, anchors: string, service: string) =>
    startEngine(path, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_CHECKPOINT_EVERY_MS: "20",
      LOAN_ENGINE_ANCHORS_FILE: anchors,
      LOAN_ENGINE_ANCHORS_TIME_STAMP_URL: service,
    })

  it.each(["SQLite", "PostgreSQL"])(
    "on %s keeps each anchor with its stamp, which `verify` checks",
    async (store) => {
      const path = store === "SQLite" ? join(directory, "stamped.sqlite") : await server.newDatabase()
      const anchors = join(directory, `anchors-${store}`)
      const service = await startStamper()
      const engine = await start(path, anchors, service.url)
      expect((await engine.callback(signed("A"))).status).toBe(200)
      await expect.poll(() => anchorsIn(readFileSync(anchors, "utf8"))[0]?.timeStamp).toBeDefined()
      expect(service.types).toEqual(["application/timestamp-query"])
      expect((await engine.callback(signed("B"))).status).toBe(200)
      expect(await engine.stop()).toBe(0)
      const kept = anchorsIn(readFileSync(anchors, "utf8"))
      // The last is made at the stop, which does not wait for the service.
      expect(kept.map(({ timeStamp }) => typeof timeStamp)).toEqual(["string", "undefined"])
      const environment = { LOAN_ENGINE_DATABASE_URL: path, LOAN_ENGINE_ANCHORS_FILE: anchors }
      const { code, out } = await runCli(["journal", "verify"], environment)
      expect([code, out]).toEqual([
        0,
        expect.stringContaining(
          'Checkpoint 1 has a time stamp of 2026-11-30T10:00:00.000Z, by a certificate that calls itself "Test time-stamp service"',
        ),
      ])
      // Somebody gives the stamp of one anchor to another.
      const [first, second] = kept
      if (second === undefined || first?.timeStamp === undefined) throw new Error("there is no stamp")
      writeFileSync(anchors, anchorLine(first) + anchorLine({ ...second, timeStamp: first.timeStamp }))
      const wrong = await runCli(["journal", "verify", "--json"], environment)
      expect([wrong.code, JSON.parse(wrong.out)]).toMatchObject([
        1,
        { sound: false, timeStamped: { number: 1 }, findings: [{ code: "anchor-stamp", checkpoint: 2 }] },
      ])
    },
  )

  it.each([
    ["it answered 503", () => 503],
    ["its answer is no time stamp of the anchor", (stamp: Buffer) => stamp.subarray(0, 100)],
  ])("keeps an anchor without a stamp, and says why: %s", async (why, answer) => {
    const anchors = join(directory, `unstamped-${why.length}`)
    const service = await startStamper(answer)
    const engine = await start(join(directory, `unstamped-${why.length}.sqlite`), anchors, service.url)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    await expect.poll(() => engine.written()).toContain(why)
    expect(await engine.stop()).toBe(0)
    expect(anchorsIn(readFileSync(anchors, "utf8")).map(({ timeStamp }) => timeStamp)).toEqual([undefined])
  })

  it("needs a place for the anchors", async () => {
    const { code, err } = await runCli(["serve"], {
      LOAN_ENGINE_DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
      LOAN_ENGINE_API_KEY: "key",
      LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC",
      LOAN_ENGINE_CALLBACK_CREDENTIALS: "dXNlcjpwYXNz",
      LOAN_ENGINE_ANCHORS_TIME_STAMP_URL: "http://127.0.0.1:1/",
    })
    expect([code, err]).toEqual([2, expect.stringContaining("needs a place for the anchors")])
  })
})
