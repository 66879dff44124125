import { Effect } from "effect"
import { Argument } from "effect/cli"
import type { OperatorConfig } from "../../config/config.ts"
import { operatorConfigFromEnvironment } from "../../config/config.ts"
import type { WebhookEndpoint } from "../../webhooks/settings.ts"
import type { CommandUnusable } from "../exit-codes.ts"
import { unusable } from "../exit-codes.ts"

export const endpoint = Argument.String("endpoint").pipe(
  Argument.withDescription("Its name in LOAN_ENGINE_WEBHOOK_URLS"),
)

/** The configured endpoint with this name, and the settings. */
export const knownEndpoint = Effect.fnUntraced(
  function* (
    name: string,
  ): Effect.fn.Return<
    { readonly config: OperatorConfig; readonly endpoint: WebhookEndpoint },
    { readonly message: string }
  > {
    const config = yield* operatorConfigFromEnvironment
    const { endpoints } = config.webhooks
    const found = endpoints.find((each) => each.name === name)
    if (found !== undefined) return { config, endpoint: found }
    const known = endpoints.map((each) => each.name).join(", ")
    return yield* unusable(
      `LOAN_ENGINE_WEBHOOK_URLS has no endpoint of this name. It has: ${known === "" ? "none" : known}.`,
    )
  },
  Effect.mapError(({ message }): CommandUnusable => unusable(message)),
)
