import { Effect } from "effect"
import type { SqlErrorReason } from "effect/sql/SqlError"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import { StoreUnavailable } from "../../ports/loan-store.ts"

/**
 * What a failed statement means for whoever asked for it. `unavailable`: the world's fault, and the same may succeed later.
 * `overtaken`: another transaction was in the way, decide anew. `locked`: one row was held for too long, the others of the
 * statement may be free. `defect`: the statement, or what it was given, is wrong.
 */
export type Failure = "unavailable" | "overtaken" | "locked" | "defect"

const byReason: { readonly [Tag in SqlErrorReason["_tag"]]: Failure | "told by its code" } = {
  ConnectionError: "unavailable",
  AuthenticationError: "unavailable",
  AuthorizationError: "unavailable",
  StatementTimeoutError: "unavailable",
  LockTimeoutError: "locked",
  DeadlockError: "overtaken",
  SerializationError: "overtaken",
  UniqueViolation: "defect",
  ConstraintError: "defect",
  SqlSyntaxError: "told by its code",
  UnknownError: "told by its code",
}

/**
 * The SQLSTATEs that are the world's: a read-only transaction (25006), tables that somebody took away (3F000, 42P01),
 * resources that ran out (53), a program limit such as a full transaction counter (54000), a server that stops or starts (57),
 * its disk (58), its own failures (XX).
 */
const worldly = /^(?:25006|3F000|42P01|53...|54000|57...|58...|XX...)$/u

export function failureOf({ reason }: SqlError): Failure {
  const failure = byReason[reason._tag]
  if (failure !== "told by its code") return failure
  return worldly.test(codeOf(reason) ?? "") ? "unavailable" : "defect"
}

/** The SQLSTATE if it was the server that refused, or else the system's own code. */
function codeOf({ cause }: SqlErrorReason): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
}

/** The SQLSTATE that the server refused with; `undefined` if it did not answer. */
export const stateOf = ({ reason }: SqlError): string | undefined => {
  const code = codeOf(reason)
  return code !== undefined && /^[0-9A-Z]{5}$/u.test(code) ? code : undefined
}

/** Nothing came of it, for a reason of the world's. */
export const failed = (reason: string): Effect.Effect<never, SqlError> =>
  Effect.fail(
    new SqlError({
      reason: new ConnectionError({ cause: new Error(reason), message: reason, operation: "query" }),
    }),
  )

/** What went wrong in the server's or the socket's own words, which never hold a password. */
export function describe({ reason }: SqlError): string {
  const { cause } = reason
  const told = cause instanceof Error ? cause.message : reason._tag
  const code = codeOf(reason)
  return code === undefined || told.includes(code) ? told : `${told} (${code})`
}

export const unavailable = (reason: string): StoreUnavailable =>
  new StoreUnavailable({ message: `The PostgreSQL store cannot be used now: ${reason}` })

/** A file or an index that the server finds damaged (XX001, XX002), or that its disk will not give (58030). */
const damageStates: ReadonlySet<string> = new Set(["XX001", "XX002", "58030"])

export const unavailableBecause = (error: SqlError): StoreUnavailable => {
  const { message } = unavailable(describe(error))
  return damageStates.has(stateOf(error) ?? "")
    ? new StoreUnavailable({ message, damaged: true })
    : new StoreUnavailable({ message })
}
