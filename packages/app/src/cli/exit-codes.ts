import { CliError } from "effect/cli"
import { Cause, Exit, Predicate, Schema } from "effect"

/** The exit codes of the commands. `docs/operating.md` has the same table. */
export const exitCodes = {
  /** The command succeeded, or what it checked is sound and healthy. */
  done: 0,
  /** Something is wrong: a finding, an alarm, a failed check, or a defect of the engine. */
  wrong: 1,
  /** The command cannot run like this: an argument or a setting is wrong, or the store cannot be opened. */
  unusable: 2,
  /** No loan has this reference. */
  unknown: 3,
  /**
   * The store or the bank cannot answer now, or the loan has changed. Nothing was changed, unless the message says
   * so. Retry.
   */
  notNow: 4,
  /** The store's storage is damaged. Keep a copy for examination, and restore the last good backup. */
  damaged: 5,
  /** A signal ended the command before it finished. */
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A command found a fault and has reported it. */
export class FoundWrong extends Schema.TaggedError<FoundWrong>()("FoundWrong", {
  message: Schema.String,
}) {}

/** The store's storage is damaged. The command has reported where. */
export class FoundDamaged extends Schema.TaggedError<FoundDamaged>()("FoundDamaged", {
  message: Schema.String,
}) {}

/** A command cannot run like this. The message says why and what to do. */
export class CommandUnusable extends Schema.TaggedError<CommandUnusable>()("CommandUnusable", {
  message: Schema.String,
  /** Set if the store's storage is damaged. That has its own exit code. */
  damaged: Schema.optionalKey(Schema.Literal(true)),
}) {}

/** Whether an error says that the store's storage is damaged. */
export const isDamage = (error: unknown): boolean =>
  Predicate.hasProperty(error, "damaged") && error.damaged === true

export const unusable = (message: string): CommandUnusable => new CommandUnusable({ message })

/** The bank gave no usable answer. */
export class BankUnanswered extends Schema.TaggedError<BankUnanswered>()("BankUnanswered", {
  message: Schema.String,
}) {}

const byTag: Readonly<Record<string, ExitCode>> = {
  CommandUnusable: exitCodes.unusable,
  ConfigUnusable: exitCodes.unusable,
  StoreUnusable: exitCodes.unusable,
  CallbackConfigError: exitCodes.unusable,
  BankConfigError: exitCodes.unusable,
  JwksConfigError: exitCodes.unusable,
  CallbackNotRegistered: exitCodes.unusable,
  ListenFailed: exitCodes.unusable,
  RulingRefused: exitCodes.unusable,
  ClosingRefused: exitCodes.unusable,
  FoundDamaged: exitCodes.damaged,
  LoanUnknown: exitCodes.unknown,
  StoreUnavailable: exitCodes.notNow,
  LoanMoved: exitCodes.notNow,
  BankError: exitCodes.notNow,
  BankUnanswered: exitCodes.notNow,
  CallbackOutcomeUnknown: exitCodes.notNow,
}

/** The commands that run until they are stopped. For these, a signal is a normal end. */
const servicesByName: ReadonlySet<string> = new Set(["serve", "start"])

/** The exit code for a result of a command. An unknown error gives `wrong`. */
export function exitCodeOf(exit: Exit.Exit<unknown, unknown>, commandLine: ReadonlyArray<string>): ExitCode {
  if (Exit.isSuccess(exit)) return exitCodes.done
  if (Cause.hasInterruptsOnly(exit.cause)) {
    return servicesByName.has(commandLine[0] ?? "") ? exitCodes.done : exitCodes.interrupted
  }
  const error = Cause.squash(exit.cause)
  if (isDamage(error)) return exitCodes.damaged
  if (CliError.isCliError(error)) return exitCodes.unusable
  return Predicate.hasProperty(error, "_tag")
    ? (byTag[String(error._tag)] ?? exitCodes.wrong)
    : exitCodes.wrong
}
