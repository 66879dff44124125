import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { cachedByCost } from "../base/cached-by-cost.ts"
import { callbackHealthCommand } from "../callback-health/health.ts"
import type { CallbackHealth, CallbackHealthSettings } from "../callback-health/health.ts"
import { callbackHealths } from "../callbacks/callback-watch.ts"
import type { JournalStore } from "../ports/journal-store.ts"
import { closedLoans, LoanStore } from "../ports/loan-store.ts"
import type { StageCounts } from "../ports/loan-store.ts"
import { CurrentKey } from "../access/access.ts"
import type { AccountJson, KeyJson } from "../contract/account-schemas.ts"
import { scopes } from "../contract/api-contract.ts"
import { LoanApi } from "../contract/loan-api.ts"
import { isoOrNull } from "../views/loan-json.ts"
import { ReadTurns } from "../ports/read-turns.ts"
import { readInTurn } from "./read-in-turn.ts"
import type { LoanListLimits } from "./loan-list.ts"
import { answering, storeUnavailable } from "../contract/problem.ts"

/** Answers requests about the configured accounts, and about the request's key. */
export const accountHandlers = (
  accounts: ReadonlyArray<AccountName>,
  callbackHealth: CallbackHealthSettings,
  { accountsAgeMaxMs }: Pick<LoanListLimits, "accountsAgeMaxMs">,
) =>
  HttpApiBuilder.group(
    LoanApi,
    "accounts",
    Effect.fnUntraced(function* (handlers) {
      const context = yield* Effect.context<LoanStore | JournalStore>()
      // Several requests may wait for the same count. If the first is aborted, the count continues for the others.
      const inTurn = readInTurn(yield* ReadTurns)
      const count = Effect.mapError(accountsNow(accounts, callbackHealth), () => storeUnavailable)
      const counted = yield* cachedByCost(
        Effect.provideContext(count, context),
        accountsAgeMaxMs,
        (counting) => Effect.uninterruptible(inTurn(counting)),
      )
      return handlers.handle("accounts", () => answering(counted)).handle("key", () => answering(currentKey))
    }),
  )

/** The configured accounts first, then accounts that only loans name. */
const accountsNow = Effect.fnUntraced(function* (
  configured: ReadonlyArray<AccountName>,
  settings: CallbackHealthSettings,
) {
  const store = yield* LoanStore
  const names = [...new Set([...configured, ...(yield* store.accounts)])]
  const healths = yield* callbackHealths(settings, names)
  return yield* Effect.forEach(healths, (health) =>
    Effect.zipWith(store.stageCounts(health.account), store.stalledCount(health.account), (counts, stalled) =>
      accountJson(health, counts, stalled, settings.callbackHealthDays),
    ),
  )
})

function accountJson(
  { account, lastCallbackAt, ...health }: CallbackHealth,
  counts: StageCounts,
  stalled: number,
  days: number,
): AccountJson {
  const count = (stage: Stage): number => counts.find((row) => row.stage === stage)?.loans ?? 0
  return {
    name: account,
    loans: {
      submitted: count("submitted"),
      manualInspection: count("manualInspection"),
      approved: count("approved"),
      rejected: count("rejected"),
      waitingForAddition: count("waitingForAddition"),
      signed: count("signed"),
      paidOut: count("paidOut"),
      disputed: count("disputed"),
    },
    closed: closedLoans(counts),
    stalled,
    callbacks: {
      ...health,
      days,
      lastCallbackAt: isoOrNull(lastCallbackAt),
      command: callbackHealthCommand(account),
    },
  }
}

const currentKey = Effect.flatMap(CurrentKey, (key) =>
  key === undefined
    ? Effect.die(new Error("the route needs a key, but the request has none"))
    : Effect.succeed<KeyJson>({ name: key.name, scopes: scopes.filter((scope) => key.scopes.has(scope)) }),
)
