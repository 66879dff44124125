import type { BankClient, CallbackRegistration } from "@loan-engine/adapters-http/bank-client"
import type { BankError } from "@loan-engine/adapters-http/bank-error"
import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect, Schema } from "effect"
import type { StoreUnavailable } from "../loan-store.ts"
import { LoanStore } from "../loan-store.ts"

/** The bank did not take the callback URL, or has one already; `message` says which, and what to do. */
export class CallbackNotRegistered extends Schema.TaggedError<CallbackNotRegistered>()(
  "CallbackNotRegistered",
  { message: Schema.String },
) {}

/**
 * Registers an account's callback URL with the bank, once: the bank wants it sent once only, so what was registered is
 * remembered for the account and the bank's address, and registering again is refused unless it is `forced`.
 *
 * Source: the bank's page, "Register the callback-URL".
 */
export const registerCallback = Effect.fn("registerCallback")(function* (
  account: AccountName,
  bank: { readonly url: string; readonly client: BankClient },
  registration: CallbackRegistration,
  options: { readonly forced: boolean },
): Effect.fn.Return<void, CallbackNotRegistered | BankError | StoreUnavailable, LoanStore> {
  const store = yield* LoanStore
  const known = yield* store.callbackRegistration(account, bank.url)
  if (known !== undefined && !options.forced) {
    return yield* new CallbackNotRegistered({
      message:
        `${known.callbackUrl} was registered for account ${account} at ${new Date(known.registeredAt).toISOString()}, ` +
        "and the bank wants a callback URL once only. Force it only if the bank has lost it.",
    })
  }
  const { message } = yield* bank.client.setCallback(registration)
  if (!message.callbackSet) {
    return yield* new CallbackNotRegistered({
      message: `The bank did not set the callback: ${message.message ?? "no reason given"}`,
    })
  }
  const registeredAt = yield* Clock.currentTimeMillis
  yield* store.saveCallbackRegistration({
    account,
    bankUrl: bank.url,
    callbackUrl: registration.callbackUrl,
    registeredAt,
  })
})
