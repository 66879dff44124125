import { openSync } from "node:fs"
import { mayRun } from "@loan-engine/app/cli/run/launcher"

/** Opens all that it may, and then says for each pid that it receives whether that process may still run. */
const pids = process.argv.slice(2).map(Number)
try {
  for (;;) openSync("/dev/null", "r")
} catch (cause) {
  if (!(cause instanceof Error && "code" in cause && cause.code === "EMFILE")) throw cause
}
process.stdout.write(JSON.stringify(pids.map(mayRun)))
