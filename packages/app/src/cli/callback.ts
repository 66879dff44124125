import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { callbackAlarm, callbacksLate } from "../callback-health/health.ts"
import type { CallbackHealth } from "../callback-health/health.ts"
import { registerCallback } from "../callbacks/callback-registration.ts"
import { callbackHealths } from "../callbacks/callback-watch.ts"
import { ConfigUnusable } from "../config/config-unusable.ts"
import { operatorConfigFromEnvironment } from "../config/config.ts"
import type { AccountConfig } from "../config/config.ts"
import { LoanStore } from "../ports/loan-store.ts"
import { logUser } from "./command-user.ts"
import { FoundWrong } from "./exit-codes.ts"
import { readingStore, writingStore } from "./open-store.ts"
import { isoOrDash, jsonFlag, print, table } from "./output.ts"

const account = Flag.String("account").pipe(
  Flag.withDescription("One account only"),
  Flag.withSchema(AccountName),
  Flag.optional,
)

/** `loan-engine callback health`: whether each account's callbacks arrive, and whether somebody sends forged ones. */
const health = Command.make(
  "health",
  { account, json: jsonFlag },
  Effect.fn(function* (options) {
    const { callbackHealth } = yield* operatorConfigFromEnvironment
    const { accounts } = yield* LoanStore
    const asked = Option.isSome(options.account) ? [options.account.value] : yield* accounts
    const healths = yield* callbackHealths(callbackHealth, asked)
    const days = callbackHealth.callbackHealthDays
    yield* print(options.json, healths.map(healthJson), [
      `over the last ${days} days:`,
      ...table(
        [
          "account",
          "by callback",
          "by poll",
          "late",
          "awaited",
          "missed",
          "forged",
          "unauthorized",
          "last callback",
        ],
        healths.map(healthRow),
      ),
      ...healths.filter(({ state }) => state === "late").map(callbacksLate),
    ])
    const alarms = healths.filter(({ alarming }) => alarming).map(callbackAlarm)
    if (alarms.length > 0) yield* new FoundWrong({ message: alarms.join("\n") })
  }, Effect.provide(readingStore)),
).pipe(
  Command.withDescription(
    "Show the health of each account's callbacks: news from callbacks, and news that only polls brought",
  ),
)

const healthJson = ({ lastCallbackAt, ...rest }: CallbackHealth) => ({
  ...rest,
  lastCallbackAt: lastCallbackAt === null ? null : isoOrDash(lastCallbackAt),
})

const healthRow = (each: CallbackHealth): ReadonlyArray<string> => [
  each.account,
  String(each.byCallback),
  String(each.byPoll),
  String(each.late),
  String(each.awaited),
  `${each.missed} (${Math.round(each.missedRate * 100)} %)`,
  String(each.forged),
  String(each.unauthorized),
  isoOrDash(each.lastCallbackAt),
]

/** `loan-engine callback register --url …`: registers an account's callback URL with the bank, once. */
const register = Command.make(
  "register",
  {
    account,
    url: Flag.String("url").pipe(
      Flag.withDescription("Where the bank must send them: https://…/callbacks/<account>"),
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription(
        "Register even if a URL was registered before. Use it only to change the registration: the bank asks to be told once",
      ),
      Flag.withDefault(false),
    ),
    json: jsonFlag,
  },
  Effect.fn(
    function* (options) {
      const { accounts } = yield* operatorConfigFromEnvironment
      const { name, bank, callbackCredentials } = yield* configured(accounts, options.account)
      if (bank === undefined) {
        return yield* new ConfigUnusable({
          message: "The account has no bank: set LOAN_ENGINE_BANK_URL, _USERNAME and _PASSWORD.",
        })
      }
      const [authorization] = callbackCredentials
      const registration = {
        callbackUrl: options.url,
        ...(authorization === undefined ? {} : { authorization }),
      }
      const at = { url: bank.url, client: yield* makeBankClient({ ...bank, account: name }) }
      yield* logUser("an operator registers a callback URL", { account: name, callbackUrl: options.url })
      yield* registerCallback(name, at, registration, { forced: options.force })
      const result = { account: name, callbackUrl: options.url, authorization: authorization?.method ?? null }
      yield* print(options.json, result, [
        `from now on the bank sends the callbacks of account ${name} to ${options.url}, ` +
          (authorization === undefined ? "without credentials" : `with ${authorization.method} credentials`),
      ])
    },
    Effect.scoped,
    Effect.provide(writingStore),
  ),
).pipe(Command.withDescription("Tell the bank, once, where an account's callbacks go"))

/** The named account. If none is named, the only configured account. */
function configured(
  accounts: ReadonlyArray<AccountConfig>,
  named: Option.Option<AccountName>,
): Effect.Effect<AccountConfig, ConfigUnusable> {
  const [only, ...more] = Option.isNone(named)
    ? accounts
    : accounts.filter(({ name }) => name === named.value)
  if (only !== undefined && more.length === 0) return Effect.succeed(only)
  const known = accounts.map(({ name }) => name).join(", ")
  return Effect.fail(new ConfigUnusable({ message: `Name one of the configured accounts: ${known}.` }))
}

export const callback = Command.make("callback").pipe(
  Command.withDescription("Register the URL of the bank's callbacks, and show their health"),
  Command.withSubcommands([register, health]),
)
