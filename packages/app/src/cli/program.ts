import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect } from "effect"
import { CliError, Command } from "effect/cli"
import { at } from "./loan/at.ts"
import { backup, restore } from "./backup.ts"
import { callback } from "./callback.ts"
import { close, reopen } from "./loan/close.ts"
import { config } from "./config.ts"
import { copy } from "./copy.ts"
import { doctor } from "./doctor.ts"
import { exitCodeOf } from "./exit-codes.ts"
import { history } from "./loan/history.ts"
import { journal } from "./journal/commands.ts"
import { disputes, dormant, stalled } from "./loan/lists.ts"
import { key } from "./key.ts"
import { migrate } from "./migrate.ts"
import { play } from "./run/play.ts"
import { poll } from "./loan/poll.ts"
import { rule } from "./loan/rule.ts"
import { serve } from "./run/serve.ts"
import { status } from "./loan/status.ts"
import { trigger } from "./trigger.ts"
import { webhooks } from "./webhooks/commands.ts"
import { start } from "./run/start.ts"
import { withoutWords } from "@loan-engine/adapters-http/callback/without-words"
import { logLayer } from "../telemetry/log.ts"
import { outputLayer } from "../telemetry/output.ts"
import { visibleLines } from "../base/visible-text.ts"
import { version } from "../base/version.ts"

/** Every command of the program. */
export const loanEngine = Command.make("loan-engine").pipe(
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
    backup,
    restore,
    config,
    doctor,
    trigger,
    play,
    webhooks,
  ]),
)

/**
 * Runs the program. An error is printed as one line that says what to do. The exit code tells scripts what kind of
 * error it is.
 */
export const run = (): void =>
  Command.run(loanEngine, { version }).pipe(
    Effect.tapError((error) =>
      CliError.isCliError(error) ? Effect.void : Console.error(`loan-engine: ${visibleLines(error.message)}`),
    ),
    Effect.tapDefect((defect) => {
      const { error, frames } = withoutWords(defect)
      return Console.error([`loan-engine: a defect: ${error}`, ...frames].join("\n    "))
    }),
    Effect.provide(NodeServices.layer),
    Effect.provide(outputLayer),
    // A command prints to standard output. The log goes to stderr.
    Effect.provide(logLayer({ format: "pretty", level: "warn" })),
    (program) =>
      NodeRuntime.runMain(program, {
        disableErrorReporting: true,
        teardown: (exit, onExit) => onExit(exitCodeOf(exit, process.argv.slice(2))),
      }),
  )
