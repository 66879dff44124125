import { stages } from "@loan-engine/domain/legal-transitions"
import { Schema } from "effect"
import { callbackStates } from "../callback-health/state.ts"
import { scopes } from "./api-contract.ts"
import { Iso } from "./loan-schemas.ts"

const Count = Schema.Natural

/** The health of an account's callbacks over the last days. `loan-engine callback health` prints the same. */
const CallbackHealthJson = Schema.Struct({
  /** How many days are counted, including today. */
  days: Schema.Natural,
  /** News that first arrived in a callback, and news that first arrived in a poll. */
  byCallback: Count,
  byPoll: Count,
  /** Callbacks whose news was already known. */
  late: Count,
  /** News from a poll whose callback may still arrive. */
  awaited: Count,
  /** News from a poll whose callback did not arrive in time, and its share of all news of that age, from 0 to 1. */
  missed: Count,
  missedRate: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  /** Callbacks that were refused because of their signature, and because of their credentials. */
  forged: Count,
  unauthorized: Count,
  lastCallbackAt: Schema.NullOr(Iso),
  /** Whether so many callbacks are missed that the bank may be sending them to another URL. */
  alarming: Schema.Boolean,
  /** What the figures mean. `late` becomes `alarm` if the callbacks do not arrive in time. */
  state: Schema.Literals(callbackStates),
  /** The command that shows the details. */
  command: Schema.String,
}).annotate({ identifier: "CallbackHealth" })

/** One account: the stages of its loans, and the health of its callbacks. */
export const AccountJson = Schema.Struct({
  name: Schema.String,
  /** How many open loans are in each stage. */
  loans: Schema.Record(Schema.Literals(stages), Count),
  /** How many loans are closed, in all stages together. */
  closed: Count,
  stalled: Count,
  callbacks: CallbackHealthJson,
}).annotate({ identifier: "Account" })
export type AccountJson = typeof AccountJson.Type

/** The name and the scopes of a key. */
export const KeyJson = Schema.Struct({
  name: Schema.String,
  scopes: Schema.Array(Schema.Literals(scopes)),
}).annotate({ identifier: "Key" })
export type KeyJson = typeof KeyJson.Type
