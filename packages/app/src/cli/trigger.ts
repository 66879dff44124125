import { makeExchange } from "@loan-engine/adapters-http/http/exchange"
import { bankClientLimitsDefault } from "@loan-engine/adapters-http/bank/client"
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { ConfigUnusable } from "../config/config-unusable.ts"
import { settingsFromEnvironment } from "../config/config.ts"
import { routeConfig } from "../config/route-config.ts"
import { BankUnanswered } from "./exit-codes.ts"
import { reference } from "./loan/argument.ts"
import { jsonFlag, print } from "./output.ts"

/**
 * `loan-engine trigger <action> <reference>`: calls the bank's test utility, so that the bank's test environment
 * sends a callback.
 *
 * Source: the bank's page, "How to trigger a callback in test environment".
 */
export const trigger = Command.make(
  "trigger",
  {
    action: Argument.String("action").pipe(
      Argument.withDescription("The event at the bank; its page shows reject"),
    ),
    reference,
    json: jsonFlag,
  },
  Effect.fn(function* (options) {
    const settings = yield* settingsFromEnvironment
    const { engine } = settings
    for (const part of [options.action, options.reference]) {
      // A URL parser would remove this part, and the call would go to another path.
      if (part === "." || part === "..")
        return yield* new ConfigUnusable({
          message: `${JSON.stringify(part)} is not valid in the path of a call.`,
        })
    }
    const url = urlOf(engine.triggerUrl, engine.triggerPath, options.action, options.reference)
    const exchange = yield* makeExchange(bankClientLimitsDefault, undefined, yield* routeConfig(settings))
    const { status } = yield* exchange({ url, method: "GET", headers: {} }).pipe(
      Effect.catchTag(
        "ExchangeFailed",
        ({ advice }) => new BankUnanswered({ message: `The bank's test utility did not answer: ${advice}.` }),
      ),
    )
    const { action, reference: applicationReference } = options
    if (status !== 200) {
      return yield* new BankUnanswered({
        message:
          `The bank's test utility at ${url.origin} answered ${status} to ${action} for ${applicationReference}: check both. If it ` +
          "has moved, set LOAN_ENGINE_TRIGGER_URL and LOAN_ENGINE_TRIGGER_PATH.",
      })
    }
    yield* print(options.json, { action, applicationReference, triggered: true }, [
      `triggered ${action} for ${applicationReference}. A triggered loan may behave unexpectedly afterwards.`,
    ])
  }, Effect.scoped),
).pipe(Command.withDescription("Make the bank's test environment send a callback"))

/** The URL of a call. The path is appended as text, so that the base URL keeps its own path. */
const urlOf = (base: string, path: string, action: string, reference: string): URL =>
  new URL(
    base.replace(/\/+$/u, "") +
      path
        .replace("{action}", () => encodeURIComponent(action))
        .replace("{applicationReference}", () => encodeURIComponent(reference)),
  )
