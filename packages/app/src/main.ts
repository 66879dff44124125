import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Exit } from "effect"
import { CliError, Command } from "effect/cli"
import { serve } from "./cli/serve.ts"
import { start } from "./cli/start.ts"
import { withoutWords } from "@loan-engine/adapters-http/without-words"
import { logLayer } from "./telemetry/log.ts"
import { version } from "./version.ts"

const loanEngine = Command.make("loan-engine").pipe(
  Command.withDescription("The authoritative loan-state engine for Resurs Bank's Consumer Loan API"),
  Command.withSubcommands([start, serve]),
)

// Our errors say themselves what to do: each is printed as one line, and the exit code is 1.
Command.run(loanEngine, { version }).pipe(
  Effect.tapError((error) =>
    CliError.isCliError(error) ? Effect.void : Console.error(`loan-engine: ${error.message}`),
  ),
  Effect.tapDefect((defect) => {
    const { error, frames } = withoutWords(defect)
    return Console.error([`loan-engine: a defect: ${error}`, ...frames].join("\n    "))
  }),
  Effect.provide(NodeServices.layer),
  // What a command prints is its own; what is logged goes beside it, to stderr.
  Effect.provide(logLayer({ format: "pretty", level: "warn" })),
  (program) =>
    NodeRuntime.runMain(program, {
      disableErrorReporting: true,
      // A signal that asks us to stop is not a failure.
      teardown: (exit, onExit) => {
        const stopped = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
        onExit(Exit.isSuccess(exit) || stopped ? 0 : 1)
      },
    }),
)
