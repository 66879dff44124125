import type { Instant } from "@loan-engine/domain/instant"
import type {
  ApplicationReference,
  Disposition,
  HoldReason,
  Observation,
} from "@loan-engine/domain/observation"
import { Cause, Clock, Effect, Result, Schema } from "effect"
import { makeCallbackAccounts } from "./accounts.ts"
import type { CallbackAccount, CallbackAccountOptions, CallbackConfigError } from "./accounts.ts"
import { callbackBudgetLimitsDefault, makeCallbackBudgets } from "./budgets.ts"
import type { CallbackBudgetLimits, CallbackBudgets } from "./budgets.ts"
import { acceptEncoding, acknowledge, CallbackRefused, introduction, refuse } from "./answer.ts"
import type { CallbackAnswer, RejectionCode } from "./answer.ts"
import { callbackEvents, decodeCallback } from "../message/message.ts"
import type { CallbackMessage } from "../message/message.ts"
import { asUtf8, unpacked } from "./content.ts"
import { callbackRequestLimitsDefault, headersFault, isProbe, readBody } from "./request.ts"
import type { CallbackRequest, CallbackRequestLimits } from "./request.ts"
import { appraise, mayDoubt } from "./trust.ts"
import type { Trust } from "./trust.ts"
import { countCallback } from "./metrics.ts"
import { makeRefusalWarning } from "./refusal-warning.ts"
import { makeRejectionLog } from "./rejection-log.ts"
import type { RejectionLog } from "./rejection-log.ts"
import { traced, tracedRequest } from "../telemetry/traced.ts"
import { withoutWords } from "./without-words.ts"

export interface CallbackReceiverLimits extends CallbackRequestLimits, CallbackBudgetLimits {}

export const callbackReceiverLimitsDefault: CallbackReceiverLimits = {
  ...callbackRequestLimitsDefault,
  ...callbackBudgetLimitsDefault,
}

/**
 * How old a signed issue time may be. If it is older, the time of receipt counts instead. The bank's retries end
 * after about 36 hours, but a person may send a callback again much later.
 */
export const issuedAtAgeMaxMs = 5_356_800_000

/** The callback could not be recorded. The sender may send it again. */
export class RecordUnavailable extends Schema.TaggedError<RecordUnavailable>()("RecordUnavailable", {
  retryAfterSeconds: Schema.Finite,
  message: Schema.String,
}) {}

/** The result of recording. `hold` is the reason why the callback is held, if the engine decided that. */
export interface Recorded {
  readonly disposition: Disposition
  readonly hold?: HoldReason
}

/** Records an observation. It succeeds only after the observation and its original bytes are durable. */
export type RecordObservation = (
  observation: Observation,
  raw: Uint8Array,
) => Effect.Effect<Recorded, RecordUnavailable>

export interface CallbackReceiverOptions {
  /** The accounts, by their name in the callback URL. */
  readonly accounts: Readonly<Record<string, CallbackAccountOptions>>
  readonly record: RecordObservation
  /**
   * Whether a trusted source has ever reported anything about this loan. If this option is absent, no loan counts as
   * known.
   */
  readonly isKnown?: (applicationReference: ApplicationReference) => Effect.Effect<boolean>
  readonly limits?: Partial<CallbackReceiverLimits>
}

export interface CallbackReceiver {
  readonly receive: (account: string, request: CallbackRequest) => Effect.Effect<CallbackAnswer>
  /**
   * {@link receive} for servers that do not use Effect. `serveCallback` uses it for node:http, and `handleCallback`
   * for the web's `Request`. It runs with the clock and the loggers of the effect that made the receiver.
   */
  readonly respond: (
    account: string,
    request: CallbackRequest,
    tell: (answer: CallbackAnswer) => void,
  ) => void
  readonly rejections: Pick<RejectionLog, "recent" | "counts">
}

/**
 * Makes the receiver of the bank's callbacks. The steps are: receive, read, authorize, decode, appraise, record,
 * answer. A callback gets a status below 300 only after `record` has succeeded. So if a callback was not recorded,
 * the bank sends it again.
 *
 * Errors: {@link CallbackConfigError} if an account has neither credentials nor a signature verifier, and
 * `allowUnauthenticated` is not set.
 *
 * Source: the bank's page, "Retrieve status change with callback".
 */
export const makeCallbackReceiver = Effect.fnUntraced(function* (
  options: CallbackReceiverOptions,
): Effect.fn.Return<CallbackReceiver, CallbackConfigError> {
  const limits = { ...callbackReceiverLimitsDefault, ...options.limits }
  const accounts = yield* makeCallbackAccounts(options.accounts)
  const rejections = makeRejectionLog()
  const budgets = yield* makeCallbackBudgets(limits)
  const receiving: Receiving = {
    record: options.record,
    isKnown: options.isKnown ?? (() => Effect.succeed(false)),
    limits,
    budgets,
  }
  const warn = makeRefusalWarning()
  const fork = Effect.runForkWith(yield* Effect.context())

  const receive = (name: string, request: CallbackRequest): Effect.Effect<CallbackAnswer> => {
    const account = accounts.get(name)
    const accountName = account?.name ?? ""
    const reject = (refused: CallbackRefused): Effect.Effect<CallbackAnswer> =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const field = refused.field === undefined ? {} : { field: refused.field }
        rejections.add({ at, code: refused.code, ...(account && { account: account.name }), ...field })
        const warned = warn(accountName, refused.code)
        return Effect.as(Effect.andThen(warned, countCallback(accountName, refused.code)), refuse(refused))
      })
    return accept(account, request, receiving).pipe(
      traced("receive", { account: accountName }),
      Effect.catchCause((cause) => {
        const expected = Cause.findError(cause)
        if (Result.isSuccess(expected)) return reject(expected.success)
        if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(expected.failure)
        const refused = new CallbackRefused({ code: "internal-error" })
        const told = Effect.annotateLogs(Effect.logError(describeDefect(cause)), {
          account: accountName,
        })
        return Effect.andThen(told, reject(refused))
      }),
    )
  }
  const respond: CallbackReceiver["respond"] = (account, request, tell) => {
    const { method, headers } = request
    const served = { method, route: callbackRoute, traceparent: headers.get("traceparent") }
    fork(Effect.map(tracedRequest(served, receive(account, request)), tell))
  }
  return { receive, respond, rejections }
})

/** The name of the callbacks' path in traces. */
const callbackRoute = "/callbacks/:account"

interface Receiving {
  readonly record: RecordObservation
  readonly isKnown: NonNullable<CallbackReceiverOptions["isKnown"]>
  readonly limits: CallbackReceiverLimits
  readonly budgets: CallbackBudgets
}

/** The steps of one callback. A refusal at any step ends it. Before step 6, nothing is recorded. */
const accept = Effect.fnUntraced(function* (
  account: CallbackAccount | undefined,
  request: CallbackRequest,
  { record, isKnown: isKnownLoan, limits, budgets }: Receiving,
): Effect.fn.Return<CallbackAnswer, CallbackRefused> {
  // 1. Receive: check the method, the account and the headers, before the body is read.
  const receivedAt = yield* Clock.currentTimeMillis
  const isOurs = account !== undefined
  if (isOurs && isProbe(request)) return introduction
  if (request.method !== "POST") return yield* refused("method-not-allowed", { allow: "POST" })
  if (!isOurs) return yield* refused("account-unknown")
  const fault = headersFault(request, limits)
  if (fault !== undefined) return yield* refused(fault, hints[fault])

  // 2. Read: read the raw bytes.
  const sent = yield* traced("read")(readBody(request, limits))

  // 3. Authorize: check the credentials, if the account has any.
  yield* traced("authorize")(authorize(account, request, budgets))

  // 4. Decode: decompress and parse. Decompression costs time, so only an authorized sender gets here.
  const raw = yield* unpacked(sent, request.headers.get("content-encoding"), limits.callbackBytesMax)
  const message = yield* traced("decode")(decode(asUtf8(raw, request.headers.get("content-type"))))

  // 5. Appraise: check the signature, determine the evidence, and limit callbacks without proof.
  const trust = yield* traced("verify")(appraise(account, message))
  if (isUnproven(trust)) {
    const { applicationReference } = message
    const isKnown = yield* isKnownLoan(applicationReference)
    const isAuthorized = account.authorizes !== undefined
    const bytes = raw.length
    yield* budgets.held({ account: account.name, applicationReference, bytes, isAuthorized, isKnown })
    yield* mayDoubt(account, trust, isKnown)
  }

  // 6. Record: succeeds only after the observation is durable.
  const at = eventTime(receivedAt, trust.issuedAt)
  const observation = observe(account, message, trust, receivedAt, at)
  const recorded = yield* record(observation, raw).pipe(Effect.mapError(unavailable))

  // 7. Answer.
  const { disposition, hold = observation.hold } = recorded
  yield* countCallback(account.name, disposition === "held" ? (hold ?? "no-evidence") : disposition)
  return acknowledge(disposition, hold)
})

const authorize = (
  account: CallbackAccount,
  request: CallbackRequest,
  budgets: CallbackBudgets,
): Effect.Effect<void, CallbackRefused> =>
  account.authorizes?.(request.headers.get("authorization")) === false
    ? Effect.flatMap(budgets.unauthorized(account.name, account.challenges), Effect.fail)
    : Effect.void

/**
 * Whether a callback lacks the proof that its account has asked for. If the bank signs, credentials alone are no
 * proof: somebody else may have them, and can send any number of such callbacks.
 */
const isUnproven = ({ evidence, hold }: Trust): boolean => evidence === "none" || hold === "signature-missing"

/** Headers of a refusal that say what is accepted. */
const hints: { readonly [Code in RejectionCode]?: Readonly<Record<string, string>> } = {
  "media-type-unsupported": { "accept-post": "application/json", "accept-encoding": acceptEncoding },
}

const refused = (code: RejectionCode, headers: Readonly<Record<string, string>> = {}): CallbackRefused =>
  new CallbackRefused({ code, headers })

const unavailable = ({ retryAfterSeconds }: RecordUnavailable): CallbackRefused =>
  refused("store-unavailable", { "retry-after": String(Math.max(1, Math.ceil(retryAfterSeconds))) })

function decode(raw: Uint8Array): Effect.Effect<CallbackMessage, CallbackRefused> {
  const decoded = decodeCallback(raw)
  if (Result.isSuccess(decoded)) return Effect.succeed(decoded.success)
  const { code, field, message: detail } = decoded.failure
  return Effect.fail(new CallbackRefused({ code, detail, ...(field === "" ? {} : { field }) }))
}

/**
 * When the callback's content was true. That is its signed issue time, if the time is plausible. It is never later
 * than the receipt, even if the bank's clock is ahead. A time in whole seconds counts as the last millisecond of that
 * second. So a poll that was sent in the same second cannot overrule the callback.
 */
function eventTime(receivedAt: Instant, issuedAt: number | undefined): Instant {
  if (issuedAt === undefined) return receivedAt
  const issuedMs = Math.round(issuedAt * 1_000)
  if (issuedMs < receivedAt - issuedAtAgeMaxMs) return receivedAt
  return Math.min(receivedAt, Number.isInteger(issuedAt) ? issuedMs + 999 : issuedMs)
}

function observe(
  { name }: CallbackAccount,
  message: CallbackMessage,
  trust: Trust,
  receivedAt: Instant,
  at: Instant,
): Observation {
  const { evidence, hold, issuedAt, token } = trust
  return {
    applicationReference: message.applicationReference,
    account: name,
    source: "callback",
    evidence,
    ...(hold === undefined ? {} : { hold }),
    receivedAt,
    ...(token === undefined ? {} : { token }),
    ...(issuedAt === undefined ? {} : { issued: true as const }),
    ...(message.leftOut === undefined ? {} : { leftOut: message.leftOut }),
    events: callbackEvents(message, at),
  }
}

/**
 * Describes where a defect happened. The defect's message is left out, because it may contain parts of the callback.
 */
function describeDefect(cause: Cause.Cause<unknown>): string {
  const { error, frames } = withoutWords(Cause.squash(cause))
  return [`a callback could not be recorded: ${error}`, ...frames].join("\n  ")
}
