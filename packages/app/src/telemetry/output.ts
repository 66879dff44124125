import { format } from "node:util"
import { Console, Effect, Layer, Metric } from "effect"
import { outputLinesLostGauge } from "./metrics.ts"

const streams = ["stdout", "stderr"] as const
type StreamName = (typeof streams)[number]

/** How many lines each stream has not taken: its reader has gone, or its disk is full. */
const lost: Record<StreamName, number> = { stdout: 0, stderr: 0 }
const guarded = new Set<StreamName>()

/** A stream whose reader has gone says so by an event too, which ends the process where nobody listens. */
function guard(name: StreamName): void {
  if (guarded.has(name)) return
  guarded.add(name)
  process[name].on("error", () => {})
}

/** Writes a line, or counts it where it cannot be written: what is said must not undo what is done. */
export function writeLine(name: StreamName, line: string): void {
  const failed = (): void => {
    lost[name]++
    // The event comes after this call. A process that embeds the engine keeps its own streams until ours has failed.
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

/** What is printed and logged goes through {@link writeLine}. */
export const consoleLayer: Layer.Layer<never> = Layer.succeed(Console.Console, {
  ...globalThis.console,
  log: (...words: ReadonlyArray<unknown>) => writeLine("stdout", format(...words)),
  error: (...words: ReadonlyArray<unknown>) => writeLine("stderr", format(...words)),
})

/** The same for a process that is all ours: whatever else writes, it goes on without a reader. */
export const outputLayer = Layer.merge(
  consoleLayer,
  Layer.effectDiscard(Effect.sync(() => streams.forEach(guard))),
)

/** Sets the gauge to what was lost until now. */
export const showOutputLost = Effect.forEach(
  streams,
  (stream) => Metric.update(outputLinesLostGauge.of({ stream }), lost[stream]),
  { discard: true },
)
