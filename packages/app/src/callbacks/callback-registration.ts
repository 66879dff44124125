import type { BankClient, CallbackRegistration } from "@loan-engine/adapters-http/bank/client"
import type { BankError, BankErrorReason } from "@loan-engine/adapters-http/bank/error"
import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect, Schema } from "effect"
import type { CallbackIntent, StoreUnavailable } from "../ports/loan-store.ts"
import { LoanStore } from "../ports/loan-store.ts"

/** The bank did not take the callback URL, or has one already; `message` says which, and what to do. */
export class CallbackNotRegistered extends Schema.TaggedError<CallbackNotRegistered>()(
  "CallbackNotRegistered",
  { message: Schema.String },
) {}

/** The bank was asked to set the callback URL, and nobody knows whether it did; `message` says what to do. */
export class CallbackOutcomeUnknown extends Schema.TaggedError<CallbackOutcomeUnknown>()(
  "CallbackOutcomeUnknown",
  { message: Schema.String },
) {}

/**
 * Registers an account's callback URL with the bank, once: the bank wants it sent once only, so what was registered is
 * remembered for the account and the bank's address, and registering again is refused unless it is `forced`. That the bank
 * is asked is kept before it is: if its answer never comes, the next run knows.
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
  "Another run asks the bank at this very moment, so nothing was sent. Look at what it says, or run this again."

/** Forgets an act that the bank certainly did not carry out. That says nothing of an older one, whose outcome is still open. */
const forget = Effect.fnUntraced(function* (intent: CallbackIntent, open: CallbackIntent | undefined) {
  const store = yield* LoanStore
  if (open === undefined) yield* store.dropCallbackIntent(intent.account, intent.bankUrl)
  else yield* store.saveCallbackIntent(open, { replaces: true })
})

/** A forced run may send what the bank has done already: so it says that. */
const sayWhatIsOpen = Effect.fnUntraced(function* (account: AccountName, bankUrl: string) {
  const intent = yield* (yield* LoanStore).callbackIntent(account, bankUrl)
  if (intent !== undefined)
    yield* Effect.logWarning(`${intentFound(intent)} It is sent again, because it is forced.`)
  return intent
})

/** What is known of this account and bank already is said before anything is sent. */
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
      "and the bank wants a callback URL once only. Force it only if the bank has lost it.",
  })
})

/** What is known of an act whose outcome is not. */
export const intentFound = ({ account, callbackUrl, askedAt }: CallbackIntent): string =>
  `The bank was asked at ${new Date(askedAt).toISOString()} to send the callbacks of account ${account} to ${callbackUrl}, ` +
  "and its answer is not known: it may have set it."

export const intentAdvice =
  "Ask the bank where it sends them, or see whether they come with: loan-engine callback health. " +
  "Then register with --force, which sends it again."

/** Forgets an intent that the bank certainly did not carry out; one that it may have carried out stays. */
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
    message: `${error.message}. ${intentFound(intent)} That is remembered. ${intentAdvice}`,
  })
})

/** Whether the bank certainly did not act: it said no, or the request never reached it. */
const isUndone = (reason: BankErrorReason): boolean =>
  !leavesOpen[reason._tag] || ("code" in reason && neverSent.has(reason.code))

/** Whether it is open that the bank acted: it gave no answer, or one that does not say. */
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

/** The codes of a connection that never came about. */
const neverSent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
])
