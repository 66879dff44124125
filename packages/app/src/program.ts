import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect } from "effect"
import { CliError, Command } from "effect/cli"
import { at } from "./cli/at.ts"
import { callback } from "./cli/callback.ts"
import { close, reopen } from "./cli/close.ts"
import { config } from "./cli/config.ts"
import { copy } from "./cli/copy.ts"
import { doctor } from "./cli/doctor.ts"
import { exitCodeOf } from "./cli/exit-codes.ts"
import { history } from "./cli/history.ts"
import { journal } from "./cli/journal.ts"
import { disputes, dormant, stalled } from "./cli/loan-lists.ts"
import { key } from "./cli/key.ts"
import { migrate } from "./cli/migrate.ts"
import { play } from "./cli/play.ts"
import { poll } from "./cli/poll.ts"
import { rule } from "./cli/rule.ts"
import { serve } from "./cli/serve.ts"
import { status } from "./cli/status.ts"
import { trigger } from "./cli/trigger.ts"
import { webhooks } from "./cli/webhooks.ts"
import { start } from "./cli/start.ts"
import { withoutWords } from "@loan-engine/adapters-http/without-words"
import { logLayer } from "./telemetry/log.ts"
import { outputLayer } from "./telemetry/output.ts"
import { version } from "./version.ts"

const loanEngine = Command.make("loan-engine").pipe(
  Command.withDescription("The authoritative loan-state engine for Resurs Bank's Consumer Loan API"),
  Command.withSubcommands([
    start,
    serve,
    status,
    history,
    at,
    disputes,
    stalled,
    dormant,
    rule,
    close,
    reopen,
    poll,
    callback,
    journal,
    key,
    migrate,
    copy,
    config,
    doctor,
    trigger,
    play,
    webhooks,
  ]),
)

/** Our errors say themselves what to do: each is printed as one line, and the exit code tells scripts of which kind it is. */
export const run = (): void =>
  Command.run(loanEngine, { version }).pipe(
    Effect.tapError((error) =>
      CliError.isCliError(error) ? Effect.void : Console.error(`loan-engine: ${error.message}`),
    ),
    Effect.tapDefect((defect) => {
      const { error, frames } = withoutWords(defect)
      return Console.error([`loan-engine: a defect: ${error}`, ...frames].join("\n    "))
    }),
    Effect.provide(NodeServices.layer),
    Effect.provide(outputLayer),
    // What a command prints is its own; what is logged goes beside it, to stderr.
    Effect.provide(logLayer({ format: "pretty", level: "warn" })),
    (program) =>
      NodeRuntime.runMain(program, {
        disableErrorReporting: true,
        teardown: (exit, onExit) => onExit(exitCodeOf(exit, process.argv.slice(2))),
      }),
  )
