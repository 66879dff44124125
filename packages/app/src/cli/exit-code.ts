import { Cause, Exit, Schema } from "effect"
import { CliError } from "effect/cli"

/** What a command's exit code says; the same table stands in the README. */
export const exitCodes = {
  /** It did what it was asked, and what it looked at is sound. */
  done: 0,
  /** It ran and found something wrong; or the engine could not start or go on. */
  failed: 1,
  /** It was not understood, or the store cannot be used: nothing was looked at or changed, or not to the end. */
  unusable: 2,
  /** A signal ended it before it was done. */
  interrupted: 130,
} as const

/** A command did not come to a good end; the message says why and what to do. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {
  message: Schema.String,
  exitCode: Schema.Literals([exitCodes.failed, exitCodes.unusable]),
}) {}

export const unusable = (message: string): CommandFailed =>
  new CommandFailed({ message, exitCode: exitCodes.unusable })

/** A command that goes on until it is stopped, for which a signal is a good end. */
const servicesByName: ReadonlySet<string> = new Set(["serve", "start"])

/** The exit code of the command that these arguments named. */
export function exitCodeOf(exit: Exit.Exit<unknown, unknown>, commandLine: ReadonlyArray<string>): number {
  if (Exit.isSuccess(exit)) return exitCodes.done
  if (Cause.hasInterruptsOnly(exit.cause)) {
    return servicesByName.has(commandLine[0] ?? "") ? exitCodes.done : exitCodes.interrupted
  }
  const error = Cause.squash(exit.cause)
  if (error instanceof CommandFailed) return error.exitCode
  return CliError.isCliError(error) ? exitCodes.unusable : exitCodes.failed
}
