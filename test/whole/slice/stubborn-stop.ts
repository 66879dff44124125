import { Effect } from "effect"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { endsWithin } from "@loan-engine/app/cli/run/stop-grace"

/** A process whose stop never ends. */
const [, , graceMs = ""] = process.argv
const started = Effect.sync(() => process.stdout.write("started\n"))
const stubborn = Effect.ensuring(Effect.andThen(started, Effect.never), Effect.never)
NodeRuntime.runMain(endsWithin(Number(graceMs))(stubborn))
