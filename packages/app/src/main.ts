import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect } from "effect"
import { CliError, Command } from "effect/cli"
import { exitCodeOf } from "./cli/exit-code.ts"
import { journal } from "./cli/journal.ts"
import { migrate } from "./cli/migrate.ts"
import { serve } from "./cli/serve.ts"
import { start } from "./cli/start.ts"

const loanEngine = Command.make("loan-engine").pipe(
  Command.withDescription("The authoritative loan-state engine for Resurs Bank's Consumer Loan API"),
  Command.withSubcommands([start, serve, journal, migrate]),
)

// Our errors say themselves what to do: each is printed as one line.
Command.run(loanEngine, { version: "0.1.0" }).pipe(
  Effect.tapError((error) =>
    CliError.isCliError(error) ? Effect.void : Console.error(`loan-engine: ${error.message}`),
  ),
  Effect.tapDefect((defect) => Console.error("loan-engine: a defect:", defect)),
  Effect.provide(NodeServices.layer),
  (program) =>
    NodeRuntime.runMain(program, {
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(exitCodeOf(exit, process.argv.slice(2))),
    }),
)
