import { accessSync, constants, existsSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import { isNativeError } from "node:util/types"
import { Clock, Effect, Result } from "effect"
import { recordedAtIn } from "../journal/entry-text.ts"
import { callbackAlarm, callbacksLate } from "../callback-health/health.ts"
import { intentAdvice, intentFound } from "../callbacks/callback-registration.ts"
import { callbackHealths } from "../callbacks/callback-watch.ts"
import type { OperatorConfig } from "../config/config.ts"
import { remember, requireFile } from "../feed/anchors.ts"
import { JournalStore } from "../ports/journal-store.ts"
import { LoanStore } from "../ports/loan-store.ts"
import {
  commandDatabaseLayer,
  databaseClockAheadMs,
  databaseFailover,
  databasePlace,
  databaseWeaknesses,
} from "../store/database.ts"
import type { Database } from "../store/database.ts"
import { statesOf, webhookAlarm } from "../webhooks/watch.ts"
import type { WebhookStore } from "../ports/webhook-store.ts"

import { clockCheck, clockSkewSecondsMax, diskBytesFreeMin, failed, ok, skipped, warning } from "./check.ts"
import type { Check, Checks } from "./check.ts"
import { checkTrust } from "./account-checks.ts"

/** Checks the store: what it contains, its disk, its weaknesses, its standby and its clock. */
export const checkStore = Effect.fnUntraced(function* (config: OperatorConfig) {
  const { database } = config
  const looking = Effect.provide(lookIntoStore(config), commandDatabaseLayer(database, "read"))
  const looked = yield* Effect.result(
    database.store === "sqlite"
      ? Effect.andThen(requireFile(database.path, config.sealing.anchorsFile), looking)
      : looking,
  )
  const around = [
    ...checkDisk(database),
    ...(yield* checkWeaknesses(config)),
    ...(yield* checkStandby(database)),
    ...(yield* checkDatabaseClock(database)),
  ]
  if (Result.isSuccess(looked)) return [...looked.success, ...around]
  return [failed("store", `${databasePlace(database)} cannot be read`, looked.failure.message), ...around]
})

/** Reports weaknesses because of which stored data could be lost or read by other people. */
const checkWeaknesses = Effect.fnUntraced(function* ({
  database,
  sealing: { anchorsFile },
}: OperatorConfig): Effect.fn.Return<Checks> {
  if (database.store === "sqlite" && !existsSync(database.path)) return []
  const weaknesses = yield* databaseWeaknesses(database, anchorsFile)
  if (weaknesses.length === 0)
    return [ok("durability", "found nothing that could lose stored data or let others read it")]
  return weaknesses.map((found) =>
    warning("durability", found, "docs/operating.md says what the store needs."),
  )
})

/**
 * Compares the database's clock with ours. Leases and due times use the database's clock; plans use ours. A file has
 * no clock of its own.
 */
const checkDatabaseClock = Effect.fnUntraced(function* (database: Database): Effect.fn.Return<Checks> {
  const aheadMs = yield* databaseClockAheadMs(database)
  return aheadMs === undefined ? [] : [clockCheck("clock database", "the database's", -aheadMs)]
})

/** Checks that the newest entry is not in the future. If it is, a clock is or was wrong. */
const checkNewestEntry = Effect.fnUntraced(function* () {
  const name = "clock journal"
  const journal = yield* JournalStore
  const row = yield* journal.lastEntry
  const recordedAt = row === undefined ? undefined : recordedAtIn(row.text)
  if (recordedAt === undefined) return skipped(name, "the journal has no entry to compare with")
  const aheadSeconds = Math.ceil((recordedAt - (yield* Clock.currentTimeMillis)) / 1_000)
  return aheadSeconds <= clockSkewSecondsMax
    ? ok(name, "the newest entry is not from the future")
    : failed(
        name,
        `the newest entry is dated ${aheadSeconds} seconds ahead of this machine's clock`,
        "Either this machine's clock is wrong, or the clock of the machine that wrote the entry was wrong. Set both by NTP.",
      )
})

const checkStandby = Effect.fnUntraced(function* (database: Database): Effect.fn.Return<Checks> {
  const failover = yield* databaseFailover(database)
  if (failover === undefined) return []
  return [
    failover.safe
      ? ok("failover", failover.found)
      : warning(
          "failover",
          failover.found,
          "A failover may lose acknowledged data: set the server as docs/operating.md says.",
        ),
  ]
})

const lookIntoStore = Effect.fnUntraced(function* (
  config: OperatorConfig,
): Effect.fn.Return<Checks, { readonly message: string }, LoanStore | JournalStore | WebhookStore> {
  const store = yield* LoanStore
  const accounts = yield* store.accounts
  const stalled = yield* Effect.forEach(accounts, store.stalledCount)
  const disputed = yield* Effect.forEach(accounts, (account) =>
    Effect.map(
      store.stageCounts(account),
      (counts) => counts.find(({ stage }) => stage === "disputed")?.loans ?? 0,
    ),
  )
  const sum = (counts: ReadonlyArray<number>): number => counts.reduce((total, count) => total + count, 0)
  const configured = config.accounts.map(({ name }) => name)
  const orphans = accounts.filter((account) => !configured.includes(account))
  const healths = yield* callbackHealths(config.callbackHealth, [...new Set([...configured, ...accounts])])
  const alarms = healths.filter(({ alarming }) => alarming)
  const late = healths.filter(({ state }) => state === "late")
  return [
    ok("store", `${databasePlace(config.database)} opens, and has this program's schema version`),
    ...(yield* checkRemembered(config)),
    orphans.length === 0
      ? ok("accounts", "every loan's account is configured")
      : warning(
          "accounts",
          `loans belong to ${orphans.join(", ")}, which is not configured`,
          "Configure the account. Until then its loans are not polled.",
        ),
    sum(stalled) === 0
      ? ok("stalled", "no loan is stalled")
      : warning("stalled", `${sum(stalled)} loans are stalled`, "Look with: loan-engine stalled"),
    sum(disputed) === 0
      ? ok("disputes", "no loan is in dispute")
      : warning("disputes", `${sum(disputed)} loans are in dispute`, "Look with: loan-engine disputes"),
    alarms.length === 0
      ? late.length === 0
        ? ok("callbacks", "no account misses too many callbacks")
        : warning("callbacks", late.map(callbacksLate).join(" "), "See: loan-engine callback health")
      : failed(
          "callbacks",
          alarms.map(callbackAlarm).join(" "),
          "Ask the bank where it sends the callbacks. See: loan-engine callback health",
        ),
    ...(yield* checkWebhooks(config)),
    yield* checkNewestEntry(),
    ...(yield* checkIntents(config)),
    ...(yield* Effect.forEach(config.accounts, checkTrust)),
  ]
})

/** Makes the same comparison with the anchors as a start of the engine. */
const checkRemembered = Effect.fnUntraced(function* ({ database, sealing: { anchorsFile } }: OperatorConfig) {
  if (anchorsFile === undefined) return []
  const name = "anchors"
  const { isStandby } = yield* JournalStore
  if (yield* isStandby) return [skipped(name, "a standby may not have the newest checkpoints yet")]
  return yield* remember(databasePlace(database), anchorsFile).pipe(
    Effect.map((remembered) => {
      if (remembered === undefined) return [skipped(name, `there is no anchor in ${anchorsFile} yet`)]
      const { last, newest, differsAt } = remembered
      if (differsAt !== undefined) {
        const found = `checkpoint ${differsAt} is not the one that ${anchorsFile} remembers`
        const advice =
          "Changes were lost or altered since an earlier anchor. Look with: loan-engine journal verify"
        return [warning(name, found, advice)]
      }
      if (last >= newest) return [ok(name, `the store is the one that ${anchorsFile} remembers`)]
      const found = `the newest checkpoint is ${last}, but ${anchorsFile} has an anchor for checkpoint ${newest}`
      return [warning(name, found, "If you did not restore a backup, look with: loan-engine journal verify")]
    }),
    Effect.catchTag("StoreUnusable", ({ message }) =>
      Effect.succeed([failed(name, "serve would not start", message)]),
    ),
  )
})

const checkWebhooks = Effect.fnUntraced(function* ({ webhooks }: OperatorConfig) {
  if (webhooks.endpoints.length === 0) return []
  const name = "webhooks"
  const look = "Look with: loan-engine webhooks status"
  const states = yield* statesOf(webhooks.endpoints.map((endpoint) => endpoint.name))
  const disabled = states.filter(({ disabledAt }) => disabledAt !== null)
  if (disabled.length > 0) return [failed(name, disabled.map(webhookAlarm).join(" "), look)]
  const waiting = states.filter(({ parked }) => parked > 0)
  if (waiting.length === 0) return [ok(name, "no endpoint is disabled, and none has loans waiting")]
  const found = waiting.map(({ endpoint, parked }) => `${parked} loans wait for ${endpoint}`).join(", ")
  return [warning(name, found, look)]
})

/** Reports requests to register a callback URL whose outcome is unknown. */
const checkIntents = Effect.fnUntraced(function* ({ accounts }: OperatorConfig) {
  const store = yield* LoanStore
  const found = yield* Effect.forEach(accounts, ({ name, bank }) =>
    bank === undefined ? Effect.succeed(undefined) : store.callbackIntent(name, bank.url),
  )
  return found.flatMap((intent) =>
    intent === undefined
      ? []
      : [warning(`registration ${intent.account}`, intentFound(intent), intentAdvice)],
  )
})

/** Checks the disk of an SQLite file. The disk of a database server is not checked here. */
const checkDisk = (database: Database): Checks =>
  database.store === "sqlite" ? [checkDirectory(dirname(database.path))] : []

function checkDirectory(directory: string): Check {
  try {
    accessSync(directory, constants.W_OK)
    const { bavail, bsize } = statfsSync(directory)
    const megabytes = Math.floor((bavail * bsize) / 1_048_576)
    return bavail * bsize >= diskBytesFreeMin
      ? ok("disk", `${directory} is writable, ${megabytes} MiB free`)
      : warning(
          "disk",
          `only ${megabytes} MiB are free in ${directory}`,
          "Make room: if the disk is full, callbacks are answered 503.",
        )
  } catch (cause) {
    const code = isNativeError(cause) && "code" in cause ? String(cause.code) : "unknown"
    return failed(
      "disk",
      `${directory} cannot be written (${code})`,
      "Set LOAN_ENGINE_DATABASE_URL to a file in a writable directory.",
    )
  }
}
