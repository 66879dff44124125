import { Clock, Console, Effect } from "effect"
import { Command } from "effect/cli"
import { testMessage } from "../../webhooks/message.ts"
import { makeSender } from "../../webhooks/sender.ts"
import { newSecret } from "../../webhooks/signature.ts"
import { FoundWrong } from "../exit-codes.ts"
import { jsonFlag, print } from "../output.ts"
import { endpoint, knownEndpoint } from "./argument.ts"

/** `loan-engine webhooks test <endpoint>`: sends one signed test webhook. */
export const test = Command.make(
  "test",
  { endpoint, json: jsonFlag },
  Effect.fn(function* (options) {
    const { config, endpoint } = yield* knownEndpoint(options.endpoint)
    const { name } = endpoint
    const send = yield* makeSender(endpoint, config.webhooks.limits)
    const now = yield* Clock.currentTimeMillis
    const delivery = yield* send(testMessage(String(now), now))
    const { outcome } = delivery
    const why = delivery.outcome === "delivered" ? null : delivery.why
    yield* print(options.json, { endpoint: name, outcome, why }, [
      why === null
        ? `${name} has accepted the message`
        : `${name} has not accepted the message: ${outcome}, ${why}`,
    ])
    if (why !== null)
      yield* new FoundWrong({ message: `${name} must answer with a status from 200 to 299: ${why}` })
  }, Effect.scoped),
).pipe(Command.withDescription("Send an endpoint one signed message of type webhook.test"))

/** `loan-engine webhooks secret`: prints a new secret, and does not store it. */
export const secret = Command.make("secret", {}, () => Effect.flatMap(newSecret, Console.log)).pipe(
  Command.withDescription("Print a new random secret for an endpoint; it is not stored"),
)
