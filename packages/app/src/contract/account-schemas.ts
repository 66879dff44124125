import { stages } from "@loan-engine/domain/legal-transitions"
import { Schema } from "effect"
import { callbackStates } from "../callback-health/state.ts"
import { scopes } from "./api-contract.ts"
import { Iso } from "./loan-schemas.ts"

const Count = Schema.Natural

/** How an account's callbacks fared over the last days: `loan-engine callback health` prints the same. */
const CallbackHealthJson = Schema.Struct({
  /** Over how many days it is counted, today included. */
  days: Schema.Natural,
  /** News that a callback brought first, and news that the bank had to be asked for. */
  byCallback: Count,
  byPoll: Count,
  /** Callbacks whose news was known already. */
  late: Count,
  /** News asked for whose callback may still come. */
  awaited: Count,
  /** News asked for whose callback did not come as long as one could, and its share of the news that old, from 0 to 1. */
  missed: Count,
  missedRate: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  /** Refused because of their signature, and because of their credentials. */
  forged: Count,
  unauthorized: Count,
  lastCallbackAt: Schema.NullOr(Iso),
  /** Whether so much is missed that the bank may be sending its callbacks elsewhere. */
  alarming: Schema.Boolean,
  /** What the figures mean; `late` may become `alarm` once the callbacks can come no more. */
  state: Schema.Literals(callbackStates),
  /** The command that looks into it. */
  command: Schema.String,
}).annotate({ identifier: "CallbackHealth" })

/** One account: where its loans stand, and how its callbacks fare. */
export const AccountJson = Schema.Struct({
  name: Schema.String,
  /** How many open loans stand at each stage. */
  loans: Schema.Record(Schema.Literals(stages), Count),
  /** How many loans somebody has closed, at whatever stage. */
  closed: Count,
  stalled: Count,
  callbacks: CallbackHealthJson,
}).annotate({ identifier: "Account" })
export type AccountJson = typeof AccountJson.Type

/** What a key may do. */
export const KeyJson = Schema.Struct({
  name: Schema.String,
  scopes: Schema.Array(Schema.Literals(scopes)),
}).annotate({ identifier: "Key" })
export type KeyJson = typeof KeyJson.Type
