import { openSync } from "node:fs"
import { mayRun } from "@loan-engine/app/cli/run/launcher"

/**
 * Opens as many files as its limit allows. Then it reports for each given pid whether this process can be running.
 */
const pids = process.argv.slice(2).map(Number)
try {
  for (;;) openSync("/dev/null", "r")
} catch (cause) {
  if (!(cause instanceof Error && "code" in cause && cause.code === "EMFILE")) throw cause
}
process.stdout.write(JSON.stringify(pids.map(mayRun)))
