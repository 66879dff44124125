#!/usr/bin/env node
/**
 * Handles a signal before the program is loaded. As the first process of a container, the program would otherwise
 * ignore it.
 */
const endEarly = (): never => process.exit(interruptedExitCode)
// The value of `interrupted` in cli/exit-codes.ts. That module is loaded only later.
const interruptedExitCode = 130
process.once("SIGTERM", endEarly).once("SIGINT", endEarly)

const { run } = await import("./cli/program.ts")
// If a signal arrived while the modules were loaded, it is delivered now.
await new Promise((resolve) => setImmediate(resolve))
run()
process.off("SIGTERM", endEarly).off("SIGINT", endEarly)
