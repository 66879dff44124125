import { Clock, Effect, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { positionBefore } from "../../webhooks/replay.ts"
import { WebhookStore } from "../../ports/webhook-store.ts"
import { InstantText } from "../loan/at.ts"
import { logUser } from "../command-user.ts"
import { unusable } from "../exit-codes.ts"
import { writingStore } from "../open-store.ts"
import { jsonFlag, print } from "../output.ts"
import { endpoint, knownEndpoint } from "./argument.ts"

/** `loan-engine webhooks replay <endpoint>`: sends changes again, after a position or since a time. */
export const replay = Command.make(
  "replay",
  {
    endpoint,
    after: Flag.Int("after").pipe(
      Flag.withDescription("Send again everything after this position; 0 for everything"),
      Flag.withSchema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
      Flag.optional,
    ),
    since: Flag.String("since").pipe(
      Flag.withDescription(
        "Send again everything recorded since this time, such as 2026-03-01T12:00:00Z, instead of --after",
      ),
      Flag.withSchema(InstantText),
      Flag.optional,
    ),
    enable: Flag.Boolean("enable").pipe(
      Flag.withDescription("Also send again to an endpoint that is disabled"),
      Flag.withDefault(false),
    ),
    json: jsonFlag,
  },
  Effect.fn(function* (options) {
    const { name } = (yield* knownEndpoint(options.endpoint)).endpoint
    const store = yield* WebhookStore
    const after = yield* askedFor(options)
    const before = yield* store.place(name)
    if (before !== undefined && after > before.position) {
      return yield* unusable(
        `${name} is at position ${before.position}. Later changes were not sent yet, and a replay cannot skip them.`,
      )
    }
    if (before === undefined && after > (yield* store.newest)) {
      return yield* unusable(`The journal does not reach position ${after} yet.`)
    }
    yield* before === undefined ? store.add(name, after) : store.rewind(name, after)
    if (options.enable) yield* store.enable(name, yield* Clock.currentTimeMillis)
    yield* logUser("an operator has webhooks sent again", { endpoint: name, after })
    const disabled = before !== undefined && before.disabledAt !== null && !options.enable
    yield* print(options.json, { endpoint: name, after, disabled }, [
      `everything after position ${after} is sent to ${name} again` +
        (disabled ? `, after you enable it: loan-engine webhooks enable ${name}` : ""),
    ])
  }, Effect.provide(writingStore)),
).pipe(Command.withDescription("Send changes to an endpoint again, after a position or since a time"))

function askedFor({
  after,
  since,
}: {
  readonly after: Option.Option<number>
  readonly since: Option.Option<number>
}) {
  if (Option.isSome(after) && Option.isNone(since)) return Effect.succeed(after.value)
  if (Option.isSome(since) && Option.isNone(after)) return positionBefore(since.value)
  return Effect.fail(unusable("Say where to begin: either --after <position> or --since <time>."))
}

/** `loan-engine webhooks enable <endpoint>`: continues a disabled endpoint where it stopped. */
export const enable = Command.make(
  "enable",
  { endpoint, json: jsonFlag },
  Effect.fn(function* (options) {
    const { name } = (yield* knownEndpoint(options.endpoint)).endpoint
    const store = yield* WebhookStore
    const before = yield* store.place(name)
    if (before === undefined) {
      return yield* unusable(`Nothing was ever sent to ${name}: start the engine with it.`)
    }
    yield* store.enable(name, yield* Clock.currentTimeMillis)
    yield* logUser("an operator has enabled an endpoint", { endpoint: name })
    yield* print(options.json, { endpoint: name, position: before.position }, [
      `${name} is enabled: the engine first sends the waiting webhooks, then every change after position ${before.position}`,
    ])
  }, Effect.provide(writingStore)),
).pipe(
  Command.withDescription(
    "Enable a disabled endpoint; it continues where it stopped, and waiting webhooks are sent at once",
  ),
)
