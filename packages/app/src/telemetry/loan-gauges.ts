import { stages } from "@loan-engine/domain/legal-transitions"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect, Metric } from "effect"
import { cachedByCost } from "../base/cached-by-cost.ts"
import { closedLoans, LoanStore } from "../ports/loan-store.ts"
import type { StageCounts } from "../ports/loan-store.ts"
import { closedLoansGauge, loansGauge, stalledLoansGauge } from "./metrics.ts"

/**
 * Counts the loans by stage, at most once in `loanCountsAgeMaxMs`, and less often if counting takes long. If the
 * store is down, the metrics are absent. No old numbers are shown.
 */
export const makeLoanGauges = Effect.fnUntraced(function* (
  accounts: ReadonlyArray<AccountName>,
  loanCountsAgeMaxMs: number,
) {
  const store = yield* LoanStore
  const count = Effect.forEach(
    accounts,
    (account) =>
      store.stageCounts(account).pipe(
        Effect.flatMap((counts) => show(account, counts)),
        Effect.andThen(store.stalledCount(account)),
        Effect.flatMap((stalled) => Metric.update(stalledLoansGauge.of({ account }), stalled)),
        Effect.catch(() => hide(account)),
      ),
    { discard: true },
  )
  return yield* cachedByCost(count, loanCountsAgeMaxMs)
})

const show = (account: AccountName, counts: StageCounts): Effect.Effect<void> =>
  Effect.forEach(
    stages,
    (stage) =>
      Metric.update(loansGauge.of({ account, stage }), counts.find((row) => row.stage === stage)?.loans ?? 0),
    { discard: true },
  ).pipe(Effect.andThen(Metric.update(closedLoansGauge.of({ account }), closedLoans(counts))))

const hide = (account: AccountName): Effect.Effect<void> =>
  Effect.andThen(
    Effect.forEach(stages, (stage) => Metric.remove(loansGauge.of({ account, stage })), { discard: true }),
    Effect.andThen(
      Metric.remove(stalledLoansGauge.of({ account })),
      Metric.remove(closedLoansGauge.of({ account })),
    ),
  )
