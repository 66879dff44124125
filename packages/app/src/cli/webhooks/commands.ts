import { Command } from "effect/cli"
import { enable, replay } from "./operate.ts"
import { secret, test } from "./set-up.ts"
import { status } from "./status.ts"

/** `loan-engine webhooks`: what the merchant's services are told, and how they fare. */
export const webhooks = Command.make("webhooks").pipe(
  Command.withDescription("Look after the services that are told of every change"),
  Command.withSubcommands([status, replay, enable, test, secret]),
)
