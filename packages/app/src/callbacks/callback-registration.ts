import type { BankClient, CallbackRegistration } from "@loan-engine/adapters-http/bank/client"
import type { BankError, BankErrorReason } from "@loan-engine/adapters-http/bank/error"
import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect, Schema } from "effect"
import type { CallbackIntent, StoreUnavailable } from "../ports/loan-store.ts"
import { LoanStore } from "../ports/loan-store.ts"

/** The bank did not accept the callback URL, or a URL is registered already. `message` says which, and what to do. */
export class CallbackNotRegistered extends Schema.TaggedError<CallbackNotRegistered>()(
  "CallbackNotRegistered",
  { message: Schema.String },
) {}

/** The bank was asked to set the callback URL, but the outcome is unknown. `message` says what to do. */
export class CallbackOutcomeUnknown extends Schema.TaggedError<CallbackOutcomeUnknown>()(
  "CallbackOutcomeUnknown",
  { message: Schema.String },
) {}

/**
 * Registers an account's callback URL with the bank, once. The bank wants the URL only once. So the engine remembers
 * what it registered for each account and bank address, and refuses to register again unless `forced` is set. It
 * stores the request before it sends it. If the answer never arrives, the next run knows that a request is open.
 *
 * Source: the bank's page, "Register the callback-URL".
 */
export const registerCallback = Effect.fn("registerCallback")(function* (
  account: AccountName,
  bank: { readonly url: string; readonly client: BankClient },
  registration: CallbackRegistration,
  options: { readonly forced: boolean },
): Effect.fn.Return<
  void,
  CallbackNotRegistered | CallbackOutcomeUnknown | BankError | StoreUnavailable,
  LoanStore
> {
  const store = yield* LoanStore
  const { forced } = options
  const open = forced ? yield* sayWhatIsOpen(account, bank.url) : undefined
  if (!forced) yield* requireNone(account, bank.url)
  const { callbackUrl } = registration
  const intent = { account, bankUrl: bank.url, callbackUrl, askedAt: yield* Clock.currentTimeMillis }
  const kept = yield* store.saveCallbackIntent(intent, { replaces: forced })
  if (!kept) return yield* new CallbackNotRegistered({ message: anotherAsks })
  const { message } = yield* bank.client
    .setCallback(registration)
    .pipe(Effect.catch((error) => afterFailure(intent, open, error)))
  if (!message.callbackSet) {
    yield* forget(intent, open)
    return yield* new CallbackNotRegistered({
      message: `The bank did not set the callback: ${message.message ?? "no reason given"}`,
    })
  }
  const registeredAt = yield* Clock.currentTimeMillis
  yield* store.saveCallbackRegistration({ account, bankUrl: bank.url, callbackUrl, registeredAt })
})

const anotherAsks =
  "Another run of this command is asking the bank now, so nothing was sent. Read that run's output, or run this command again."

/**
 * Removes the intent, because the bank has certainly not carried out the request. If an older request is still open,
 * its intent is stored again.
 */
const forget = Effect.fnUntraced(function* (intent: CallbackIntent, open: CallbackIntent | undefined) {
  const store = yield* LoanStore
  if (open === undefined) yield* store.dropCallbackIntent(intent.account, intent.bankUrl)
  else yield* store.saveCallbackIntent(open, { replaces: true })
})

/** Warns before a forced run: the bank may have carried out the open request already. */
const sayWhatIsOpen = Effect.fnUntraced(function* (account: AccountName, bankUrl: string) {
  const intent = yield* (yield* LoanStore).callbackIntent(account, bankUrl)
  if (intent !== undefined)
    yield* Effect.logWarning(`${intentFound(intent)} It is sent again because of --force.`)
  return intent
})

/** Refuses if a request is open or a URL is registered for this account and bank. Nothing is sent then. */
const requireNone = Effect.fnUntraced(function* (
  account: AccountName,
  bankUrl: string,
): Effect.fn.Return<void, CallbackNotRegistered | StoreUnavailable, LoanStore> {
  const store = yield* LoanStore
  const intent = yield* store.callbackIntent(account, bankUrl)
  if (intent !== undefined) {
    const message = `${intentFound(intent)} It was not sent again. ${intentAdvice}`
    return yield* new CallbackNotRegistered({ message })
  }
  const known = yield* store.callbackRegistration(account, bankUrl)
  if (known === undefined) return
  return yield* new CallbackNotRegistered({
    message:
      `${known.callbackUrl} was registered for account ${account} at ${new Date(known.registeredAt).toISOString()}, ` +
      "and the bank wants a callback URL only once. Use --force only if the bank has lost it.",
  })
})

/** The sentence about a request whose outcome is unknown. */
export const intentFound = ({ account, callbackUrl, askedAt }: CallbackIntent): string =>
  `The bank was asked at ${new Date(askedAt).toISOString()} to send the callbacks of account ${account} to ${callbackUrl}, ` +
  "and its answer is unknown. The bank may have set the URL."

export const intentAdvice =
  "Ask the bank where it sends the callbacks, or check whether they arrive: loan-engine callback health. " +
  "Then register with --force, which sends the request again."

/**
 * After a failed request: if the bank has certainly not carried it out, its intent is removed. Otherwise the intent
 * stays.
 */
const afterFailure = Effect.fnUntraced(function* (
  intent: CallbackIntent,
  open: CallbackIntent | undefined,
  error: BankError,
): Effect.fn.Return<never, BankError | CallbackOutcomeUnknown | StoreUnavailable, LoanStore> {
  if (isUndone(error.reason)) {
    yield* forget(intent, open)
    return yield* error
  }
  return yield* new CallbackOutcomeUnknown({
    message: `${error.message}. ${intentFound(intent)} The engine remembers that. ${intentAdvice}`,
  })
})

/** Whether the bank has certainly not acted: it refused, or the request never reached it. */
const isUndone = (reason: BankErrorReason): boolean =>
  !leavesOpen[reason._tag] || ("code" in reason && neverSent.has(reason.code))

/** Whether the bank may have acted, for each reason of a failure. */
const leavesOpen: { readonly [Tag in BankErrorReason["_tag"]]: boolean } = {
  Refused: true,
  ConnectionBroken: true,
  TimedOut: true,
  Malformed: true,
  TooLarge: true,
  Unavailable: true,
  NameNotFound: false,
  Unreachable: false,
  CertificateRejected: false,
  TlsFailed: false,
  ProxyRefused: false,
  Unauthorized: false,
  Fault: false,
  RateLimited: false,
  CircuitOpen: false,
  RequestInvalid: false,
}

/** With these codes the connection was never made. */
const neverSent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
])
