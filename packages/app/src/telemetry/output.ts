import { format } from "node:util"
import { Console, Effect, Layer, Metric } from "effect"
import { outputLinesLostGauge } from "./metrics.ts"

const streams = ["stdout", "stderr"] as const
type StreamName = (typeof streams)[number]

/** How many lines each stream did not accept, because its reader is gone or its disk is full. */
const lost: Record<StreamName, number> = { stdout: 0, stderr: 0 }
const guarded = new Set<StreamName>()

/**
 * Adds a listener for a stream's errors. If the stream's reader is gone, the stream emits an error, which would
 * otherwise end the process.
 */
function guard(name: StreamName): void {
  if (guarded.has(name)) return
  guarded.add(name)
  process[name].on("error", () => {})
}

/** Writes a line, or counts it if it cannot be written. If output fails, the engine's work must not fail. */
export function writeLine(name: StreamName, line: string): void {
  const failed = (): void => {
    lost[name]++
    // The stream's error event comes after this call. The listener is added only now, because the streams may belong
    // to the process that embeds the engine.
    guard(name)
  }
  try {
    process[name].write(`${line}\n`, (error) => {
      if (error !== null && error !== undefined) failed()
    })
  } catch {
    failed()
  }
}

/** A console that writes everything through {@link writeLine}. */
export const consoleLayer: Layer.Layer<never> = Layer.succeed(Console.Console, {
  ...globalThis.console,
  log: (...words: ReadonlyArray<unknown>) => writeLine("stdout", format(...words)),
  error: (...words: ReadonlyArray<unknown>) => writeLine("stderr", format(...words)),
})

/**
 * The output of a process that only runs the engine: it continues without a reader, also if other code writes to the
 * streams.
 */
export const outputLayer = Layer.merge(
  consoleLayer,
  Layer.effectDiscard(Effect.sync(() => streams.forEach(guard))),
)

/** Sets the gauge to the number of lost lines. */
export const showOutputLost = Effect.forEach(
  streams,
  (stream) => Metric.update(outputLinesLostGauge.of({ stream }), lost[stream]),
  { discard: true },
)
