import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { RequestListener } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buffer, json } from "node:stream/consumers"
import { gunzipSync, gzipSync } from "node:zlib"
import { LoanApiError, openLoanEngine } from "@loan-engine/app"
import type { ChangesOptions, LoanEngineHandle, LoanEngineSettings, LogEntry } from "@loan-engine/app"
import { afterAll, describe, expect, it, onTestFinished } from "vitest"

const directory = mkdtempSync(join(tmpdir(), "embedded-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let files = 0
const newFile = (): string => join(directory, `${(files += 1)}.sqlite`)
const authorization = `Basic ${Buffer.from("bank:secret").toString("base64")}`
const account = { callbackAuthMethod: "BASIC", callbackCredentials: [authorization.slice(6)] } as const

const closing = async (opening: Promise<LoanEngineHandle>): Promise<LoanEngineHandle> => {
  const engine = await opening
  onTestFinished(engine.close)
  return engine
}
const open = (
  databaseUrl: string,
  settings: LoanEngineSettings = {},
  log: (entry: LogEntry) => void = () => {},
) =>
  closing(
    openLoanEngine(
      { databaseUrl, stopDrainMs: 1, accounts: { se: account, no: account }, ...settings },
      { log },
    ),
  )

const signed = (applicationReference: string): string =>
  JSON.stringify({
    externalApplicationEvent: {
      applicationReference,
      applicationEventType: "SIGNED",
      signingMethod: "E_SIGN",
    },
  })
const callback = (body: string, path = "/callbacks/se"): Request =>
  new Request(`http://service${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization },
    body,
  })

async function served(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, close: () => server.closeAllConnections() ?? server.close() }
}

const refusalOf = async (call: Promise<unknown>): Promise<unknown> => {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof LoanApiError ? error.problem?.code : error
}

describe("an engine inside a service", () => {
  it("answers its calls like a separate engine", async () => {
    const engine = await open(newFile())
    const loan = await engine.register(
      { applicationReference: "A-1", decision: "APPROVED" },
      { account: "no" },
    )
    expect(loan).toMatchObject({ stage: "approved", account: "no" })
    expect(await engine.loan("A-1")).toEqual(loan)
    expect((await engine.history("A-1")).map(({ source }) => source)).toEqual(["submission"])
    expect(await refusalOf(engine.loan("A-2"))).toBe("loan-unknown")
    const again = engine.register({ applicationReference: "A-1", decision: "APPROVED" }, { account: "se" })
    expect(await refusalOf(again)).toBe("account-mismatch")
    const ruling = { decision: "rejected", by: "me", reason: "because" } as const
    expect(await refusalOf(engine.rule("A-1", ruling, { ifVersion: 9 }))).toBe("loan-moved")
    expect(await refusalOf(engine.poll("A-1"))).toBe("bank-unanswered")
  })

  it("accepts callbacks by both routes, and notifies watchers", async () => {
    const engine = await open(newFile())
    await engine.register({ applicationReference: "B-1", decision: "APPROVED" }, { account: "se" })
    const watch = engine.watchLoan("B-1")
    const stages: Array<string | undefined> = []
    const seen = new Promise<void>((resolve) => {
      watch.subscribe(() => {
        stages.push(watch.getSnapshot().loan?.stage)
        if (stages.at(-1) === "signed") resolve()
      })
    })
    await expect.poll(() => stages).toContain("approved")
    expect((await engine.callback("se")(callback(signed("B-1"), "/anywhere"))).status).toBe(200)
    await seen
    expect((await engine.fetch(callback(signed("B-2")))).status).toBe(200)
    expect(await engine.loan("B-2")).toMatchObject({ stage: "signed", registered: false })
    expect((await engine.callback("dk")(callback(signed("B-3")))).status).toBe(404)
    expect(await refusalOf(engine.loan("B-3"))).toBe("loan-unknown")
  })

  it("gives every change after it is durable, from any position, over a restart", async () => {
    const file = newFile()
    const first = await open(file)
    const positions: Array<number> = []
    for (const order of [1, 2, 3]) await registered(first, `C-${order}`)
    for await (const { position } of first.changes({ after: 0 })) {
      positions.push(position)
      if (positions.length === 2) break
    }
    await first.close()
    const second = await open(file)
    await registered(second, "C-4")
    const rest: Array<string> = []
    for await (const change of second.changes({ after: positions.at(-1) ?? 0 })) {
      rest.push(change.applicationReference)
      if (rest.length === 2) break
    }
    expect(rest).toEqual(["C-3", "C-4"])
    for await (const change of second.changes({ after: 0, reference: "C-4" })) {
      expect(change.loan.applicationReference).toBe("C-4")
      break
    }
  })

  it("reads all loans, over any number of pages", async () => {
    const engine = await open(newFile())
    const references = Array.from({ length: 230 }, (_, index) => `D-${String(index).padStart(3, "0")}`)
    await Promise.all(references.map((reference) => registered(engine, reference)))
    const found: Array<string> = []
    for await (const loan of engine.eachLoan({ stage: "approved" })) found.push(loan.applicationReference)
    expect(found).toEqual(references)
  })

  it("opens its API to others only with keys", async () => {
    const closed = await open(newFile())
    expect((await closed.fetch(new Request("http://service/v1/loans"))).status).toBe(401)
    const engine = await open(newFile(), { apiKey: "shop-key" })
    const headers = { authorization: "Bearer shop-key" }
    expect((await engine.fetch(new Request("http://service/v1/loans", { headers }))).status).toBe(200)
    expect((await engine.fetch(new Request("http://service/health/ready"))).status).toBe(200)
  })
})

describe("the engine's metrics", () => {
  it("can follow those of the service's own registry: their names begin with the engine's", async () => {
    const engine = await open(newFile())
    const text = await (await engine.fetch(new Request("http://service/metrics"))).text()
    const names = [...text.matchAll(/^# TYPE (\S+)/gmu)].map(([, name = ""]) => name)
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !name.startsWith("loan_engine_"))).toEqual([])
    expect(text.endsWith("\n")).toBe(true)
  })
})

describe("the description of the API", () => {
  const sizeOf = async (engine: LoanEngineHandle, path: string, headers: Record<string, string>) => {
    const answer = await engine.fetch(new Request(`http://service${path}`, { headers }))
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect([answer.status, answer.headers.get("vary")]).toEqual([200, "accept-encoding"])
    return { bytes, encoding: answer.headers.get("content-encoding") }
  }

  it("is compressed for callers that accept it, and otherwise the same", async () => {
    const engine = await open(newFile())
    for (const path of ["/docs", "/openapi.json"]) {
      const plain = await sizeOf(engine, path, {})
      expect(plain.encoding).toBe(null)
      expect((await sizeOf(engine, path, { "accept-encoding": "br, gzip;q=0" })).encoding).toBe(null)
      const packed = await sizeOf(engine, path, { "accept-encoding": "gzip, br" })
      expect(packed.encoding).toBe("gzip")
      expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true)
      expect(packed.bytes.byteLength).toBeLessThan(plain.bytes.byteLength / 2)
    }
  })

  it("has the key as a bearer token, spelled as tools expect", async () => {
    const engine = await open(newFile())
    const answer = await engine.fetch(new Request("http://service/openapi.json"))
    expect(await answer.json()).toMatchObject({
      components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
    })
  })
})

const registered = (engine: LoanEngineHandle, applicationReference: string) =>
  engine.register({ applicationReference, decision: "APPROVED" }, { account: "se" })

describe("a body that was read before the engine got it", () => {
  it("is a mistake of the service, which the answer reports, over node:http and in the web-standard form", async () => {
    const engine = await open(newFile())
    const service = await served((request, response) => {
      void json(request).then(() => engine.listener(request, response))
    })
    const answer = await fetch(`${service.url}/callbacks/se`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: signed("E-1"),
    })
    expect([answer.status, await answer.json()]).toMatchObject([500, { code: "body-consumed" }])
    service.close()

    const registration = new Request("http://service/v1/loans", { method: "POST", body: "{}" })
    await registration.text()
    const answered = await engine.fetch(registration)
    expect([answered.status, await answered.json()]).toMatchObject([500, { code: "body-consumed" }])

    const request = callback(signed("E-1"))
    await request.text()
    const web = await engine.callback("se")(request)
    expect([web.status, await web.json()]).toMatchObject([500, { code: "body-consumed" }])
    expect(await refusalOf(engine.loan("E-1"))).toBe("loan-unknown")
  })
})

describe("a body that a parser has read and kept in rawBody", () => {
  it("is used unchanged, also if it was compressed", async () => {
    const engine = await open(newFile())
    const service = await served((request, response) => {
      void buffer(request).then((bytes) => {
        const isPacked = request.headers["content-encoding"] === "gzip"
        engine.listener(Object.assign(request, { rawBody: isPacked ? gunzipSync(bytes) : bytes }), response)
      })
    })
    const sent = { method: "POST", headers: { authorization, "content-type": "application/json" } }
    const plain = await fetch(`${service.url}/callbacks/se`, { ...sent, body: signed("K-1") })
    expect([plain.status, await plain.json()]).toMatchObject([200, { disposition: "advanced" }])
    const headers = { ...sent.headers, "content-encoding": "gzip" }
    const body = gzipSync(signed("K-2"))
    const packed = await fetch(`${service.url}/callbacks/se`, { ...sent, headers, body })
    expect([packed.status, await packed.json()]).toMatchObject([200, { disposition: "advanced" }])
    service.close()
  })
})

describe("a listener that a framework mounts", () => {
  const answered = async (engine: LoanEngineHandle, url: string, baseUrl?: string) => {
    const service = await served((request, response) => {
      if (baseUrl !== undefined) Object.assign(request, { baseUrl })
      engine.listener(request, response, () => response.writeHead(299).end())
    })
    const answer = await fetch(`${service.url}${url}`)
    service.close()
    return answer.status
  }

  it("serves the engine's paths below any mount, even a mount with the name of such a path", async () => {
    const engine = await open(newFile())
    expect(await answered(engine, "/health/live")).toBe(200)
    expect(await answered(engine, "/health/live", "/bank")).toBe(200)
    expect(await answered(engine, "/live", "/health")).toBe(200)
    expect(await answered(engine, "/live", "/bank/health")).toBe(200)
    expect(await answered(engine, "/se", "/callbacks")).toBe(200)
    expect(await answered(engine, "/callbacks/se", "/api/v1")).toBe(200)
    expect(await answered(engine, "/", "/metrics")).toBe(200)
    expect(await answered(engine, "/?verbose", "/openapi.json")).toBe(200)
  })

  it("passes on other paths, also when the engine is closed", async () => {
    const engine = await open(newFile())
    expect(await answered(engine, "/")).toBe(299)
    expect(await answered(engine, "/healthy")).toBe(299)
    expect(await answered(engine, "/shop", "/bank")).toBe(299)
    expect(await answered(engine, "/v1/nothing")).toBe(404)
    await engine.close()
    expect(await answered(engine, "/")).toBe(299)
    expect(await answered(engine, "/health/live")).toBe(503)
  })
})

describe("a call with wrong arguments", () => {
  it("rejects like a separate engine, and names the wrong argument", async () => {
    const engine = await open(newFile())
    const fault = async (call: Promise<unknown>): Promise<unknown> => {
      const error = await call.catch((reason: unknown) => reason)
      return error instanceof LoanApiError ? [error.problem?.code, error.problem?.field] : error
    }
    const reference = ["request-invalid", "applicationReference"]
    for (const wrong of ["", " ", "x".repeat(513), "a\u0000"])
      expect(await fault(engine.loan(wrong))).toEqual(reference)
    const answer = { applicationReference: "A-1", decision: "APPROVED" } as const
    expect(await fault(engine.register(answer, { account: "a/b" }))).toEqual(["request-invalid", "account"])
    expect(await fault(engine.register(answer))).toEqual(["account-unknown", "account"])
    const firstOf = (options: ChangesOptions) => engine.changes(options)[Symbol.asyncIterator]().next()
    expect(await fault(firstOf({ account: "a/b" }))).toEqual(["request-invalid", "account"])
    expect(await fault(firstOf({ reference: "" }))).toEqual(["request-invalid", "reference"])
    for (const after of [-1, 1.5, Number.NaN, Infinity]) {
      expect(await fault(firstOf({ after }))).toEqual(["request-invalid", "after"])
    }
  })
})

describe("a call with wrong input", () => {
  it("rejects with the problem of a separate engine, never as an engine that cannot be reached", async () => {
    const engine = await open(newFile())
    await registered(engine, "A-1")
    // A service in JavaScript has no compiler that would refuse this call.
    const untyped = engine as unknown as Record<string, (...args: ReadonlyArray<unknown>) => Promise<unknown>>
    const fault = async (call: string, ...args: ReadonlyArray<unknown>): Promise<unknown> => {
      const error: unknown = await untyped[call]?.(...args).catch((reason: unknown) => reason)
      if (!(error instanceof LoanApiError)) return error
      expect(error.problem?.detail).toMatch(/\w: \w|^Expected/u)
      return [error.problem?.code, error.problem?.field]
    }
    const se = { account: "se" }
    const approved = { applicationReference: "A-2", decision: "APPROVED" }
    const malformed = "submission-malformed"
    for (const answer of [undefined, null, 4, []])
      expect(await fault("register", answer, se)).toEqual([malformed, undefined])
    expect(await fault("register", "<nothing", se)).toEqual([malformed, undefined])
    for (const answer of [{}, { ...approved, applicationReference: "" }, Buffer.from("<a/>")])
      expect(await fault("register", answer, se)).toEqual([malformed, "applicationReference"])
    const invalid = "request-invalid"
    expect(await fault("register", { ...approved, decision: "MAYBE" }, se)).toEqual([invalid, "decision"])
    expect(await fault("register", approved, { ...se, externalReference: "" })).toEqual([
      invalid,
      "externalReference",
    ])
    expect(await fault("register", approved, { account: "dk" })).toEqual(["account-unknown", "account"])
    expect(await fault("loans", { stage: "nowhere" })).toEqual([invalid, "stage"])
    expect(await fault("loans", { limit: 0 })).toEqual([invalid, "limit"])
    expect(await fault("loans", { stagee: "approved" })).toEqual([invalid, "stagee"])
    expect(await fault("rule", "A-1")).toEqual([invalid, undefined])
    expect(await fault("rule", "A-1", { decision: "rejected", reason: "asked" })).toEqual([invalid, "by"])
    expect(await fault("closeLoan", "A-1", { reason: "no" })).toEqual([invalid, "reason"])
    expect(await fault("reopenLoan", "A-1", { by: 4 })).toEqual([invalid, "by"])
    expect(await fault("history", "")).toEqual([invalid, "applicationReference"])
    expect(await fault("poll", null)).toEqual([invalid, "applicationReference"])
  })

  it("does not repeat the input", async () => {
    const engine = await open(newFile())
    const misspelt = { stagee: "secret" } as object
    const error = await engine.loans(misspelt).catch((reason: unknown) => reason)
    expect(String(error)).toContain("stagee: Expected no excess property")
    expect(String(error)).not.toContain("secret")
  })

  it("refuses a watch, which would wait without end", async () => {
    const engine = await open(newFile())
    const refusals = [engine.watchLoan(""), engine.watchLoans({ stage: "nowhere" } as object)].map(
      async (watch) => {
        const unsubscribe = watch.subscribe(() => {})
        await expect.poll(() => watch.getSnapshot().status).toBe("refused")
        const { problem } = watch.getSnapshot()
        unsubscribe()
        return [problem?.code, problem?.field]
      },
    )
    expect(await Promise.all(refusals)).toEqual([
      ["request-invalid", "applicationReference"],
      ["request-invalid", "stage"],
    ])
  })
})

describe("a service whose own functions fail", () => {
  it("in its log function loses no callback and no stop", async () => {
    const file = newFile()
    const engine = await open(file, {}, () => {
      throw new Error("the log is full")
    })
    expect((await engine.callback("se")(callback(signed("I-1")))).status).toBe(200)
    await engine.close()
    expect((await (await open(file)).loan("I-1")).stage).toBe("signed")
  })

  it("in one listener fails no other, and is reported like the service's own error", async () => {
    const engine = await open(newFile())
    await registered(engine, "J-1")
    const thrown: Array<unknown> = []
    const others = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException").on("uncaughtException", (error) => thrown.push(error))
    onTestFinished(() => {
      process.removeAllListeners("uncaughtException")
      for (const other of others) process.on("uncaughtException", other)
    })
    const watch = engine.watchLoan("J-1")
    const unsubscribeFaulty = watch.subscribe(() => {
      throw new Error("a listener's own")
    })
    const stages: Array<string | undefined> = []
    const unsubscribe = watch.subscribe(() => stages.push(watch.getSnapshot().loan?.stage))
    await expect.poll(() => stages).toContain("approved")
    await engine.callback("se")(callback(signed("J-1")))
    await expect.poll(() => stages).toContain("signed")
    expect(thrown.map(String)).toContain("Error: a listener's own")
    unsubscribeFaulty()
    unsubscribe()
  })
})

describe("closing", () => {
  it("ends every loop and watch, and refuses later callbacks so that the bank sends them again", async () => {
    const engine = await open(newFile(), { apiKey: "shop-key" })
    await registered(engine, "F-1")
    const loop = (async () => {
      for await (const change of engine.changes({ after: 0 })) expect(change.position).toBeGreaterThan(0)
      return "over"
    })()
    const watch = engine.watchLoan("F-1")
    watch.subscribe(() => {})
    await expect.poll(() => watch.getSnapshot().status).toBe("live")
    const service = await served(engine.listener)
    await Promise.all([engine.close(), engine.close()])
    const refused = await fetch(`${service.url}/callbacks/se`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: signed("F-1"),
    })
    expect([refused.status, refused.headers.has("retry-after"), await refused.json()]).toMatchObject([
      503,
      true,
      { code: "store-unavailable" },
    ])
    const unread = await fetch(`${service.url}/v1/loans`, { headers: { authorization: "Bearer shop-key" } })
    expect([unread.status, await unread.json()]).toMatchObject([503, { code: "store-unavailable" }])
    service.close()
    expect(watch.getSnapshot().status).toBe("closed")
    const later = engine.watchLoan("F-1")
    later.subscribe(() => {})
    expect(later.getSnapshot().status).toBe("closed")
    for await (const change of engine.changes({ after: 0 })) expect(change).toBe("nothing any more")
    const read = await engine.fetch(new Request("http://service/v1/loans"))
    expect([read.status, await read.json()]).toMatchObject([
      503,
      { type: "urn:loan-engine:api:store-unavailable" },
    ])
    expect(await loop).toBe("over")
    const late = await engine.fetch(callback(signed("F-1")))
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, expect.stringMatching(/^\d+$/u)])
    await expect(engine.loan("F-1")).rejects.toBeInstanceOf(LoanApiError)
  })
})

describe("opening", () => {
  it("reports wrong settings, by their names in code", async () => {
    await expect(openLoanEngine({ accounts: { se: {} } })).rejects.toMatchObject({
      _tag: "ConfigUnusable",
      message: expect.stringContaining("accounts.se.callbackCredentials"),
    })
    const untyped: object = { pollRate: 5 }
    await expect(openLoanEngine({ host: "0.0.0.0", apiKey: "a" })).rejects.toMatchObject({
      message: expect.stringContaining("apiKey must have at least 16 characters"),
    })
    await expect(openLoanEngine(untyped)).rejects.toMatchObject({
      message: "pollRate is not a setting (code).",
    })
  })

  it("refuses a file that another engine uses, and does not change it", async () => {
    const file = newFile()
    const first = await open(file)
    await expect(open(file)).rejects.toMatchObject({ _tag: "StoreUnusable" })
    expect((await registered(first, "G-1")).stage).toBe("approved")
  })

  it("reads the environment only if it is given; code takes precedence", async () => {
    const environment = {
      LOAN_ENGINE_DATABASE_URL: newFile(),
      LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC",
      LOAN_ENGINE_CALLBACK_CREDENTIALS: authorization.slice(6),
      LOAN_ENGINE_LOG_LEVEL: "warn",
    }
    const engine = await closing(openLoanEngine({ stopDrainMs: 1 }, { environment }))
    expect(await engine.register({ applicationReference: "H-1", decision: "REJECTED" })).toMatchObject({
      account: "default",
      stage: "rejected",
    })
    const misspelt = { ...environment, LOAN_ENGINE_BANK_PASWORD: "misspelt" }
    await expect(openLoanEngine({}, { environment: misspelt })).rejects.toMatchObject({
      message: expect.stringContaining(
        "LOAN_ENGINE_BANK_PASWORD is not a setting. Did you mean LOAN_ENGINE_BANK_PASSWORD?",
      ),
    })
  })

  it("logs to the given function, without any input", async () => {
    const entries: Array<LogEntry> = []
    const engine = await open(newFile(), {}, (entry) => entries.push(entry))
    await engine.close()
    expect(entries.map(({ message }) => message)).toContain("the engine is stopping")
  })
})
