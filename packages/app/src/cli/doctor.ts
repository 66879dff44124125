import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { operatorConfigFromEnvironment, settingsFromEnvironment } from "../config/config.ts"
import { examine } from "../doctor/doctor.ts"
import { FoundWrong } from "./exit-codes.ts"
import { jsonFlag, print, table } from "./output.ts"

/** Any program on the engine's port would get the key, so it is sent only if somebody asks for that. */
const withKeyFlag = Flag.Boolean("with-key").pipe(
  Flag.withDescription("Send LOAN_ENGINE_API_KEY to the engine, which then says why it is not ready"),
  Flag.withDefault(false),
)

/** `loan-engine doctor`: checks everything that the engine depends on, and says what to fix. */
export const doctor = Command.make(
  "doctor",
  { json: jsonFlag, withKey: withKeyFlag },
  Effect.fn(function* (options) {
    const { engine } = yield* settingsFromEnvironment
    const key = options.withKey ? engine.apiKey : undefined
    const checks = yield* examine(yield* operatorConfigFromEnvironment, key)
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
