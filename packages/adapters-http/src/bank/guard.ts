import { Context, Duration, Effect, Exit, Layer, Option } from "effect"
import type { Scope } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { BankCircuitOpen, BankError } from "./error.ts"
import type { BankErrorReason, BankOperation } from "./error.ts"
import { counted, measured } from "./metrics.ts"
import type { CircuitState } from "./metrics.ts"
import { traced } from "../telemetry/traced.ts"

/**
 * When an account's circuit breaker opens: after this many failures in a row. It stays open for this time, or for as
 * long as the bank asks.
 */
export interface BreakerLimits {
  readonly breakerFailuresMax: number
  readonly breakerOpenMs: number
}

export const breakerLimitsDefault: BreakerLimits = { breakerFailuresMax: 5, breakerOpenMs: 30_000 }

export interface BankGuard {
  /** Sends a request, unless the circuit breaker is open. */
  readonly through: <A>(
    operation: BankOperation,
    request: Effect.Effect<A, BankError>,
  ) => Effect.Effect<A, BankError>
  readonly circuit: Effect.Effect<CircuitState>
}

const key = "account"

export const makeBankGuard = Effect.fnUntraced(function* (
  limits: BreakerLimits,
  account: string,
): Effect.fn.Return<BankGuard, never, Scope.Scope> {
  const breaker = Context.get(yield* Layer.build(breakerLayer(limits)), CircuitBreaker.CircuitBreaker)
  return {
    through: (operation, request) =>
      breaker.execute(measured(account, operation)(request), { key, classify }).pipe(
        Effect.mapError((error) => (error instanceof BankError ? error : leftAlone(operation, error))),
        counted(account, operation),
        traced("bank request", { account, operation }, { kind: "client" }),
      ),
    // The breaker's store is in memory, so its state can always be read.
    circuit: Effect.orDie(Effect.map(breaker.state(key), ({ _tag }) => _tag)),
  }
})

const breakerLayer = ({ breakerFailuresMax, breakerOpenMs }: BreakerLimits) =>
  CircuitBreaker.layer({
    tripPolicy: CircuitBreaker.consecutive(breakerFailuresMax),
    openDuration: Duration.millis(breakerOpenMs),
  }).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))

/**
 * Whether a reason says something about the bank's health. Other reasons are about one request only and do not count
 * for the circuit breaker.
 */
const tripsBreaker: { readonly [Tag in BankErrorReason["_tag"]]: boolean } = {
  Refused: true,
  NameNotFound: true,
  Unreachable: true,
  CertificateRejected: true,
  TlsFailed: true,
  ProxyRefused: true,
  ConnectionBroken: true,
  TimedOut: true,
  Unauthorized: true,
  Fault: false,
  Malformed: false,
  TooLarge: false,
  RateLimited: true,
  Unavailable: true,
  CircuitOpen: false,
  RequestInvalid: false,
}

function classify(exit: Exit.Exit<unknown, BankError>): CircuitBreaker.Outcome {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error === undefined || !tripsBreaker[error.reason._tag]) return CircuitBreaker.ignored
  return CircuitBreaker.failure({ retryAfter: Duration.seconds(error.retryAfterSeconds ?? 0) })
}

function leftAlone(operation: BankOperation, { reason }: CircuitBreaker.CircuitBreakerError): BankError {
  const wait = "retryAfter" in reason ? { retryAfterSeconds: Duration.toSeconds(reason.retryAfter) } : {}
  return new BankError({ operation, reason: new BankCircuitOpen(wait) })
}
