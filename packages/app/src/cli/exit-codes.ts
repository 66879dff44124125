import { CliError } from "effect/cli"
import { Schema } from "effect"

/** What a command's exit code tells a script. `docs/operating.md` shows the same table. */
export const exitCodes = {
  /** Done; sound; healthy. */
  done: 0,
  /** Something is wrong: a finding, an alarm, a check that failed, or a defect of ours. */
  wrong: 1,
  /** The command cannot be carried out as it is given: its words, a setting, or a store that cannot be opened. */
  unusable: 2,
  /** No loan of that reference is known. */
  unknown: 3,
  /** The store or the bank cannot answer now, or the loan has moved on. Nothing was changed; try again. */
  notNow: 4,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A command found that something is wrong, and has said what. */
export class FoundWrong extends Schema.TaggedError<FoundWrong>()("FoundWrong", {
  message: Schema.String,
}) {}

/** The bank gave no answer that could be used. */
export class BankUnanswered extends Schema.TaggedError<BankUnanswered>()("BankUnanswered", {
  message: Schema.String,
}) {}

const byTag: Readonly<Record<string, ExitCode>> = {
  ConfigUnusable: exitCodes.unusable,
  StoreUnusable: exitCodes.unusable,
  CallbackConfigError: exitCodes.unusable,
  BankConfigError: exitCodes.unusable,
  JwksConfigError: exitCodes.unusable,
  CallbackNotRegistered: exitCodes.unusable,
  ListenFailed: exitCodes.unusable,
  RulingRefused: exitCodes.unusable,
  LoanUnknown: exitCodes.unknown,
  StoreUnavailable: exitCodes.notNow,
  LoanMoved: exitCodes.notNow,
  BankError: exitCodes.notNow,
  BankUnanswered: exitCodes.notNow,
}

/** The exit code of a failed command; what is not listed is something wrong. */
export function exitCodeOf(error: unknown): ExitCode {
  if (CliError.isCliError(error)) return exitCodes.unusable
  if (typeof error !== "object" || error === null || !("_tag" in error)) return exitCodes.wrong
  return byTag[String(error._tag)] ?? exitCodes.wrong
}
