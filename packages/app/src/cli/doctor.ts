import { Effect } from "effect"
import { Command } from "effect/cli"
import { operatorConfigFromEnvironment } from "../config/config.ts"
import { examine } from "../doctor/doctor.ts"
import { FoundWrong } from "./exit-codes.ts"
import { jsonFlag, print, table } from "./output.ts"

/** `loan-engine doctor`: checks everything that the engine depends on, and says what to fix. */
export const doctor = Command.make(
  "doctor",
  { json: jsonFlag },
  Effect.fn(function* (options) {
    const checks = yield* examine(yield* operatorConfigFromEnvironment)
    const fixes = checks.flatMap(({ name, advice }) => (advice === undefined ? [] : [`${name}: ${advice}`]))
    // Scripts read the member `mend`.
    const forScripts = checks.map(({ advice, ...check }) =>
      advice === undefined ? check : { ...check, mend: advice },
    )
    yield* print(options.json, forScripts, [
      ...table(
        ["check", "state", "found"],
        checks.map(({ name, state, found }) => [name, state, found]),
      ),
      ...(fixes.length === 0 ? [] : ["", "to fix:", ...fixes]),
    ])
    const failures = checks.filter(({ state }) => state === "failed").map(({ name }) => name)
    if (failures.length > 0) yield* new FoundWrong({ message: `failed: ${failures.join(", ")}` })
  }, Effect.scoped),
).pipe(Command.withDescription("Check settings, store, clock, bank and keys, and say what to fix"))
