import { Clock, Effect, Exit, Metric, Option } from "effect"
import type { BankError, BankOperation } from "./error.ts"
import { counterFamily, gaugeFamily, histogramFamily } from "../telemetry/metric-family.ts"

const account = "the configured accounts"
const operation = "the bank's SOAP operations"

export const bankRequestsCounter = counterFamily({
  name: "loan_engine_bank_requests_total",
  unit: "requests",
  description:
    "Requests to the bank, by outcome. If an open circuit blocks a request, the outcome is CircuitOpen.",
  attributes: {
    account,
    operation,
    outcome: "`answered`, `interrupted`, `defect`, or the reason of a BankError",
  },
})

export const bankRequestDuration = histogramFamily({
  name: "loan_engine_bank_request_duration_seconds",
  unit: "seconds",
  description: "Duration of a request to the bank, from its start to the whole answer or the failure.",
  attributes: { account, operation },
  boundaries: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30],
})

export const bankCircuitGauge = gaugeFamily({
  name: "loan_engine_bank_circuit",
  unit: "1",
  description:
    "1 for the current state of the circuit breaker to the bank, 0 for the other states. While the state is Open, the engine sends nothing.",
  attributes: { account, state: "`Closed`, `Open`, `HalfOpen`" },
})

/** Counts the outcome of a request, whether it was sent or not. */
export const counted =
  (account: string, operation: BankOperation) =>
  <A>(request: Effect.Effect<A, BankError>): Effect.Effect<A, BankError> =>
    Effect.onExit(request, (exit) =>
      Metric.update(bankRequestsCounter.of({ account, operation, outcome: outcomeOf(exit) }), 1),
    )

/** Measures the time of a request that is sent. */
export const measured =
  (account: string, operation: BankOperation) =>
  <A>(request: Effect.Effect<A, BankError>): Effect.Effect<A, BankError> =>
    Effect.flatMap(Clock.currentTimeMillis, (sentAt) =>
      Effect.onExit(request, () =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Metric.update(bankRequestDuration.of({ account, operation }), (now - sentAt) / 1_000),
        ),
      ),
    )

const circuitStates = ["Closed", "Open", "HalfOpen"] as const
export type CircuitState = (typeof circuitStates)[number]

/** Shows the state of an account's circuit breaker. */
export const showCircuit = (account: string, current: CircuitState): Effect.Effect<void> =>
  Effect.forEach(
    circuitStates,
    (state) => Metric.update(bankCircuitGauge.of({ account, state }), state === current ? 1 : 0),
    { discard: true },
  )

function outcomeOf(exit: Exit.Exit<unknown, BankError>): string {
  if (Exit.isSuccess(exit)) return "answered"
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error !== undefined) return error.reason._tag
  return Exit.hasInterrupts(exit) ? "interrupted" : "defect"
}
