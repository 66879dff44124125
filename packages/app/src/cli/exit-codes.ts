import { CliError } from "effect/cli"
import { Cause, Exit, Predicate, Schema } from "effect"

/** The meaning of a command's exit codes for a script. `docs/operating.md` has the same table. */
export const exitCodes = {
  /** Done; sound; healthy. */
  done: 0,
  /** Something is wrong: a finding, an alarm, a check that failed, or a defect of ours. */
  wrong: 1,
  /** The command cannot run as given: wrong words, a wrong setting, or a store that cannot be opened. */
  unusable: 2,
  /** No loan with that reference is known. */
  unknown: 3,
  /**
   * The store or the bank cannot answer now, or the loan has moved on. Nothing was changed, unless the message says so.
   * Retry.
   */
  notNow: 4,
  /** The store's own storage is damaged. Keep a copy for examination, and restore the last good backup. */
  damaged: 5,
  /** A signal ended it before it finished. */
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A command found a fault, and has reported it. */
export class FoundWrong extends Schema.TaggedError<FoundWrong>()("FoundWrong", {
  message: Schema.String,
}) {}

/** The store's own storage is damaged. The command has reported where. */
export class FoundDamaged extends Schema.TaggedError<FoundDamaged>()("FoundDamaged", {
  message: Schema.String,
}) {}

/** A command cannot run as given. The message says why and what to do. */
export class CommandUnusable extends Schema.TaggedError<CommandUnusable>()("CommandUnusable", {
  message: Schema.String,
  /** Set if the store's storage is damaged, which has an exit code of its own. */
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

/** A command that runs until it is stopped. For it, a signal is a normal end. */
const servicesByName: ReadonlySet<string> = new Set(["serve", "start"])

/** The exit code of the command with these arguments. An unknown error counts as `wrong`. */
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
