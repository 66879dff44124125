import { Effect } from "effect"
import { Command } from "effect/cli"
import { operatorConfigFromEnvironment } from "../config/config.ts"
import { examine } from "../doctor/doctor.ts"
import { FoundWrong } from "./exit-codes.ts"
import { jsonFlag, print, table } from "./output.ts"

/** `loan-engine doctor`: looks at everything that the engine depends on, and says what to mend. */
export const doctor = Command.make(
  "doctor",
  { json: jsonFlag },
  Effect.fn(function* (options) {
    const checks = yield* examine(yield* operatorConfigFromEnvironment)
    const mends = checks.flatMap(({ name, mend }) => (mend === undefined ? [] : [`${name}: ${mend}`]))
    yield* print(options.json, checks, [
      ...table(
        ["check", "state", "found"],
        checks.map(({ name, state, found }) => [name, state, found]),
      ),
      ...(mends.length === 0 ? [] : ["", "to mend:", ...mends]),
    ])
    const failures = checks.filter(({ state }) => state === "failed").map(({ name }) => name)
    if (failures.length > 0) yield* new FoundWrong({ message: `failed: ${failures.join(", ")}` })
  }, Effect.scoped),
).pipe(Command.withDescription("Check settings, store, clock, bank and keys, and say what to mend"))
