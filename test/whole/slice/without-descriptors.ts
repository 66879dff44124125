import { openSync } from "node:fs"
import { mayRun } from "@loan-engine/app/cli/run/launcher"

/** Opens all that it may, and then tells of each process that it is given the pid of whether that may still run. */
const pids = process.argv.slice(2).map(Number)
try {
  for (;;) openSync("/dev/null", "r")
} catch (cause) {
  if (!(cause instanceof Error && "code" in cause && cause.code === "EMFILE")) throw cause
}
process.stdout.write(JSON.stringify(pids.map(mayRun)))
