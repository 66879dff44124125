#!/usr/bin/env node
/** A signal may arrive before the program is loaded. The first process of a container would lose it. */
const endEarly = (): never => process.exit(interruptedExitCode)
// The same as `interrupted` in cli/exit-codes.ts, which is loaded only below.
const interruptedExitCode = 130
process.once("SIGTERM", endEarly).once("SIGINT", endEarly)

const { run } = await import("./cli/program.ts")
// A signal that arrived while the modules were loaded waits for a turn of the event loop.
await new Promise((resolve) => setImmediate(resolve))
run()
process.off("SIGTERM", endEarly).off("SIGINT", endEarly)
