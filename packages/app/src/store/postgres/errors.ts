import { isNativeError } from "node:util/types"
import { Effect } from "effect"
import type { SqlErrorReason } from "effect/sql/SqlError"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import { StoreUnavailable } from "../../ports/loan-store.ts"

/**
 * What a failed statement means for its caller:
 *
 * - `unavailable`: the cause is outside the engine, and a retry may succeed later.
 * - `overtaken`: another transaction was faster, so decide again.
 * - `locked`: one row was locked for too long. Other rows of the statement may be free.
 * - `defect`: the statement or its parameters are wrong.
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
 * The SQLSTATEs whose cause is outside the engine: a read-only transaction (25006), removed tables (3F000, 42P01),
 * exhausted resources (53), a program limit such as a full transaction counter (54000), a server that stops or starts
 * (57), the server's disk (58), and the server's own failures (XX).
 */
const worldly = /^(?:25006|3F000|42P01|53...|54000|57...|58...|XX...)$/u

export function failureOf({ reason }: SqlError): Failure {
  const failure = byReason[reason._tag]
  if (failure !== "told by its code") return failure
  return worldly.test(codeOf(reason) ?? "") ? "unavailable" : "defect"
}

/** The SQLSTATE, if the server answered. Otherwise the operating system's error code. */
export function codeOf({ cause }: SqlErrorReason): string | undefined {
  return isNativeError(cause) && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
}

/** The SQLSTATE of the server's answer. `undefined` if it did not answer. */
export const stateOf = ({ reason }: SqlError): string | undefined => {
  const code = codeOf(reason)
  return code !== undefined && /^[0-9A-Z]{5}$/u.test(code) ? code : undefined
}

/** Fails with an error whose cause is outside the engine. */
export const failed = (reason: string): Effect.Effect<never, SqlError> =>
  Effect.fail(
    new SqlError({
      reason: new ConnectionError({ cause: new Error(reason), message: reason, operation: "query" }),
    }),
  )

/** The server's or the socket's own message. It never contains a password. */
export function describe({ reason }: SqlError): string {
  const { cause } = reason
  const told = isNativeError(cause) ? cause.message : reason._tag
  const code = codeOf(reason)
  return code === undefined || told.includes(code) ? told : `${told} (${code})`
}

export const unavailable = (reason: string): StoreUnavailable =>
  new StoreUnavailable({ message: `The PostgreSQL store cannot be used now: ${reason}` })

/**
 * The server found a file or an index damaged (XX001, XX002), a file of a table is gone (58P01), or it could not read
 * its disk (58030). An internal error (XX000) is not enough: poolers report with it that they have no server.
 */
const damageStates: ReadonlySet<string> = new Set(["XX001", "XX002", "58P01", "58030"])

export const unavailableBecause = (error: SqlError): StoreUnavailable => {
  const { message } = unavailable(describe(error))
  return damageStates.has(stateOf(error) ?? "")
    ? new StoreUnavailable({ message, damaged: true })
    : new StoreUnavailable({ message })
}
