import { Effect } from "effect"
import { Command } from "effect/cli"
import { operatorConfigFromEnvironment } from "../../config/config.ts"
import { webhookAlarm } from "../../webhooks/watch.ts"
import { WebhookStore } from "../../ports/webhook-store.ts"
import type { WebhookState } from "../../ports/webhook-store.ts"
import { FoundWrong } from "../exit-codes.ts"
import { readingStore } from "../open-store.ts"
import { isoOrDash, jsonFlag, print, table } from "../output.ts"

/** `loan-engine webhooks status`: the position of every endpoint, and its waiting loans. */
export const status = Command.make(
  "status",
  { json: jsonFlag },
  Effect.fn(function* ({ json }) {
    const { webhooks } = yield* operatorConfigFromEnvironment
    const store = yield* WebhookStore
    const newest = yield* store.newest
    const states = yield* store.states
    const set = new Set(webhooks.endpoints.map(({ name }) => name))
    const begun = new Set(states.map(({ endpoint }) => endpoint))
    const waiting = [...set].filter((name) => !begun.has(name))
    const shown = states.map((state) => statusJson(state, newest, set.has(state.endpoint)))
    yield* print(json, shown, [
      ...table(
        ["endpoint", "state", "position", "behind", "loans waiting", "next try"],
        shown.map(statusRow),
      ),
      ...waiting.map(
        (name) =>
          `${name} is configured. It will receive the changes after the first start of an engine with it`,
      ),
    ])
    const disabled = states.filter(({ endpoint, disabledAt }) => disabledAt !== null && set.has(endpoint))
    if (disabled.length > 0) yield* new FoundWrong({ message: disabled.map(webhookAlarm).join("\n") })
  }, Effect.provide(readingStore)),
).pipe(
  Command.withDescription("Show every endpoint's position, its waiting loans, and whether it is disabled"),
)

const statusJson = (state: WebhookState, newest: number, isSet: boolean) => ({
  endpoint: state.endpoint,
  state: isSet ? (state.disabledAt === null ? "delivering" : "disabled") : "not set",
  position: state.position,
  behind: Math.max(0, newest - state.position),
  parked: state.parked,
  nextDueAt: state.nextDueAt === null ? null : isoOrDash(state.nextDueAt),
  disabledAt: state.disabledAt === null ? null : isoOrDash(state.disabledAt),
  disabledWhy: state.disabledWhy,
})

const statusRow = (each: ReturnType<typeof statusJson>): ReadonlyArray<string> => [
  each.endpoint,
  each.state,
  String(each.position),
  String(each.behind),
  String(each.parked),
  each.nextDueAt ?? "-",
]
