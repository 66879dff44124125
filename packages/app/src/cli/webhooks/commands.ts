import { Command } from "effect/cli"
import { enable, replay } from "./operate.ts"
import { secret, test } from "./set-up.ts"
import { status } from "./status.ts"

/** `loan-engine webhooks`: commands for the webhook endpoints. */
export const webhooks = Command.make("webhooks").pipe(
  Command.withDescription("Manage the endpoints that receive every change"),
  Command.withSubcommands([status, replay, enable, test, secret]),
)
