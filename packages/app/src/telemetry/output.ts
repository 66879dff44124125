import { format } from "node:util"
import { Console, Effect, Layer, Metric } from "effect"
import { outputLinesLostGauge } from "./metrics.ts"

const streams = ["stdout", "stderr"] as const
type StreamName = (typeof streams)[number]

/** How many lines each stream did not accept: its reader is gone, or its disk is full. */
const lost: Record<StreamName, number> = { stdout: 0, stderr: 0 }
const guarded = new Set<StreamName>()

/** If a stream's reader is gone, the stream also emits an event. Without a listener, that event ends the process. */
function guard(name: StreamName): void {
  if (guarded.has(name)) return
  guarded.add(name)
  process[name].on("error", () => {})
}

/** Writes a line, or counts it if it cannot be written. Failed output must not undo the engine's work. */
export function writeLine(name: StreamName, line: string): void {
  const failed = (): void => {
    lost[name]++
    // The event comes after this call. In a process that embeds the engine, its streams are left alone until one of our
    // writes has failed.
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

/** Everything that is printed and logged goes through {@link writeLine}. */
export const consoleLayer: Layer.Layer<never> = Layer.succeed(Console.Console, {
  ...globalThis.console,
  log: (...words: ReadonlyArray<unknown>) => writeLine("stdout", format(...words)),
  error: (...words: ReadonlyArray<unknown>) => writeLine("stderr", format(...words)),
})

/** The same for a process that is entirely ours: it continues without a reader, for any writer. */
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
