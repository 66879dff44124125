import { makeCallbackReceiver } from "@loan-engine/adapters-http/callback/receiver"
import { traced } from "@loan-engine/adapters-http/telemetry/traced"
import { traceExportLimitsDefault, traceLayer } from "@loan-engine/app/telemetry/trace-export"
import { Effect, Option, Redacted, Tracer } from "effect"
import { describe, expect, it } from "vitest"

/** The span around the recording of the callback. `undefined` if there is none. */
const spanAtRecord = Effect.gen(function* () {
  let seen: Tracer.AnySpan | undefined
  const credentials = [{ method: "BASIC" as const, credentials: Redacted.make("YTpi") }]
  const { receive } = yield* makeCallbackReceiver({
    accounts: { se: { credentials } },
    record: () =>
      Effect.map(Effect.option(Effect.currentParentSpan), (span) => {
        seen = Option.getOrUndefined(span)
        return { disposition: "noted" }
      }),
  })
  const body = { externalApplicationEvent: { applicationReference: "a", applicationEventType: "SIGNED" } }
  const { status } = yield* receive("se", {
    method: "POST",
    headers: new Headers({ "content-type": "application/json", authorization: "Basic YTpi" }),
    body: new Blob([JSON.stringify(body)]).stream(),
  })
  expect(status).toBe(200)
  return seen
})

const counting = () => {
  const built: Array<string> = []
  const tracer = Tracer.make({
    span: (options) => {
      built.push(options.name)
      return new Tracer.NativeSpan(options)
    },
  })
  return { built, tracer }
}

describe("without a collector", () => {
  const untraced = traceLayer(undefined, traceExportLimitsDefault)

  it("a callback is received in no span at all", async () => {
    expect(await Effect.runPromise(Effect.provide(spanAtRecord, untraced))).toBeUndefined()
  })

  it("no tracer is used, even if there is one", async () => {
    const { built, tracer } = counting()
    const receiving = spanAtRecord.pipe(
      Effect.provide(untraced),
      Effect.provideService(Tracer.Tracer, tracer),
    )
    expect(await Effect.runPromise(receiving)).toBeUndefined()
    expect(built).toEqual([])
  })

  it("an effect runs unchanged in a program without telemetry", async () => {
    const parent = Effect.option(Effect.currentParentSpan)
    expect(Option.isNone(await Effect.runPromise(traced("step")(parent)))).toBe(true)
  })
})

describe("with a tracer", () => {
  it("a callback is received in spans", async () => {
    const { built, tracer } = counting()
    const span = await Effect.runPromise(Effect.provideService(spanAtRecord, Tracer.Tracer, tracer))
    expect(span).toMatchObject({ name: "receive" })
    expect(built).toEqual(["receive", "read", "authorize", "decode", "verify"])
  })
})
