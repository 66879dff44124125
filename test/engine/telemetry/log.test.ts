import { logLayer } from "@loan-engine/app/telemetry/log"
import type { LogSettings } from "@loan-engine/app/telemetry/log"
import { Cause, Effect } from "effect"
import { TestConsole } from "effect/testing"
import { describe, expect, it } from "vitest"

/** The lines that a program logs, and its other output. */
const logged = (program: Effect.Effect<unknown>, settings: LogSettings): Promise<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    yield* Effect.provide(program, logLayer(settings))
    expect(yield* TestConsole.logLines).toEqual([])
    return (yield* TestConsole.errorLines).map(String)
  }).pipe(Effect.provide(TestConsole.layer), Effect.runPromise)

const json: LogSettings = { format: "json", level: "info" }
const pretty: LogSettings = { format: "pretty", level: "info" }
const parsed = (line: string | undefined): unknown => JSON.parse(line ?? "")

function thrower(): Error {
  return new TypeError("MARK on the first line\n    at MARK (which looks like a frame:1:1)")
}

describe("a line of the log", () => {
  it("is one JSON object: the time, the level, the message and the loan", async () => {
    const annotations = { applicationReference: "loan-1", account: "se" }
    const [line, ...more] = await logged(
      Effect.annotateLogs(Effect.logWarning("it\nhappened", 3), annotations),
      json,
    )
    expect(more).toEqual([])
    expect(line).not.toContain("\n")
    expect(parsed(line)).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u),
      level: "warn",
      message: "it\nhappened 3",
      ...annotations,
    })
  })

  it("is readable in the pretty format, and no text in it can look like another line", async () => {
    const lines = await logged(
      Effect.annotateLogs(Effect.logInfo("first\n00:00:00.000 ERROR second"), { account: "a\nb" }),
      pretty,
    )
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}first\\u000a00:00:00.000 ERROR second account="a\\nb"$/u,
    )
  })

  it("shows characters that hide other text or change its order, in both formats", async () => {
    const program = Effect.annotateLogs(Effect.logInfo("a\u2028b\u202Ec"), {
      account: "d\u2029e\u202Ef",
      reason: "\u2066g",
    })
    const [readable = ""] = await logged(program, pretty)
    expect(readable).toMatch(/INFO {2}a\\u2028b\\u202ec account="d\\u2029e\\u202ef" reason="\\u2066g"$/u)
    const [line = ""] = await logged(program, json)
    expect(line).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(parsed(line)).toMatchObject({ message: "a\u2028b\u202Ec", account: "d\u2029e\u202Ef" })
  })

  it("is left out below the configured level", async () => {
    const program = Effect.andThen(Effect.logDebug("quiet"), Effect.logInfo("loud"))
    expect(await logged(program, json)).toHaveLength(1)
    expect(await logged(program, { ...json, level: "debug" })).toHaveLength(2)
    expect(await logged(program, { ...json, level: "error" })).toEqual([])
  })
})

describe.each([json, pretty])("a failure in the log", (settings) => {
  it("has its kind and its place, and no text of its message", async () => {
    const [line = ""] = await logged(Effect.logError("it broke", thrower()), settings)
    expect(line).toContain("TypeError")
    expect(line).toContain("log.test.ts")
    expect(line).not.toContain("MARK")
  })

  it("may be a cause, also of a failure with a code", async () => {
    const coded = Object.assign(new Error("MARK"), { code: "ECONNRESET" })
    const [line = ""] = await logged(
      Effect.andThen(Effect.logError("one", Cause.die(coded)), Effect.logError("two", Cause.fail("MARK"))),
      settings,
    )
    expect(line).toContain("ECONNRESET")
    expect(line).not.toContain("MARK")
  })

  it("shows nothing of objects, which may contain input", async () => {
    const program = Effect.annotateLogs(Effect.logError("got", { body: "MARK" }, ["MARK"]), {
      message: "MARK",
      body: { a: "MARK" },
    })
    const [line = ""] = await logged(program, settings)
    expect(line).toContain("got")
    expect(line).not.toContain("MARK")
  })
})
