import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import type { BankRoute } from "@loan-engine/adapters-http/http/route"
import type { BankError, BankErrorReason } from "@loan-engine/adapters-http/bank/error"
import { connectionAdvice } from "@loan-engine/adapters-http/http/connection-cause"
import { makeJwks } from "@loan-engine/adapters-http/signature/jwks"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Clock, Effect, Result } from "effect"
import { isGuessable, secretLengthMin } from "../config/callback-config.ts"
import type { AccountConfig } from "../config/config.ts"
import type { RequiredEvidence } from "@loan-engine/adapters-http/callback/accounts"
import { LoanStore } from "../ports/loan-store.ts"

import { ask, clockCheck, failed, ok, skipped, warning } from "./check.ts"
import type { Check } from "./check.ts"

/** Checks one account: its bank, the bank's clock, and the bank's keys. */
export const checkAccount = Effect.fnUntraced(function* (account: AccountConfig) {
  return [...(yield* checkBank(account)), yield* checkJwks(account)]
})

/**
 * No loan has this reference, so the bank answers with a fault. The fault shows that the bank accepts the
 * credentials.
 */
const nobodysLoan = ApplicationReference.make("loan-engine-doctor")

const checkBank = Effect.fnUntraced(function* ({ name, bank }: AccountConfig) {
  const at = `bank ${name}`
  if (bank === undefined) {
    return [
      warning(
        at,
        "no bank is configured: loans are not polled",
        "Set LOAN_ENGINE_BANK_URL, _USERNAME and _PASSWORD.",
      ),
    ]
  }
  const client = yield* Effect.result(makeBankClient({ ...bank, account: name }))
  if (Result.isFailure(client)) return [failed(at, "its settings cannot be used", client.failure.message)]
  const answer = yield* Effect.result(client.success.getApplicationStatus(nobodysLoan))
  const outcome = Result.isSuccess(answer) ? "Fault" : answer.failure.reason._tag
  const [
    state,
    found,
    advice = Result.isFailure(answer) && state === "failed" ? wayOut(answer.failure) : undefined,
  ] = byOutcome[outcome]
  const clock = yield* checkClock(name, new URL(bank.url), bank.route)
  return [{ name: at, state, found, ...(advice === undefined ? {} : { advice }) }, clock]
})

/** The advice for a failed connection, if its error code is known. */
const wayOut = ({ connectionCode: code }: BankError): string | undefined =>
  code === undefined ? undefined : `Check LOAN_ENGINE_BANK_URL: ${connectionAdvice(code)}.`

const unreachable = [
  "failed",
  "it does not answer",
  "Check LOAN_ENGINE_BANK_URL, the network, and the bank's own status.",
] as const

/** For each outcome of the request: the state of the check, what was found, and what to do. */
const byOutcome: {
  readonly [Tag in BankErrorReason["_tag"]]: readonly [state: Check["state"], found: string, advice?: string]
} = {
  Fault: ["ok", "it answers, and accepts the user name and password"],
  Malformed: [
    "warning",
    "it answers, but not with the expected message",
    "Check that LOAN_ENGINE_BANK_URL is its SOAP endpoint.",
  ],
  TooLarge: [
    "warning",
    "its answer is over the size limit",
    "Check that LOAN_ENGINE_BANK_URL is its SOAP endpoint.",
  ],
  Unauthorized: [
    "failed",
    "it does not accept the user name and password",
    "Correct LOAN_ENGINE_BANK_USERNAME and LOAN_ENGINE_BANK_PASSWORD.",
  ],
  RateLimited: ["warning", "it asks for fewer requests", "Lower LOAN_ENGINE_POLL_RATE_PER_SECOND."],
  Refused: ["failed", "its address refuses the connection"],
  NameNotFound: ["failed", "its host is not found"],
  Unreachable: ["failed", "its host cannot be reached"],
  CertificateRejected: ["failed", "its certificate is not trusted"],
  TlsFailed: ["failed", "a TLS connection to it fails"],
  ProxyRefused: ["failed", "the proxy to it cannot be reached, or refuses"],
  ConnectionBroken: ["failed", "it breaks the connection"],
  TimedOut: unreachable,
  Unavailable: unreachable,
  CircuitOpen: unreachable,
  RequestInvalid: unreachable,
}

/**
 * Compares the bank's clock, which is in the header `Date` of its answers, with this machine's clock. The two must
 * agree, because the engine compares the times that the bank signs with the times of its own polls.
 */
const checkClock = Effect.fnUntraced(function* (account: string, bankUrl: URL, route: BankRoute) {
  const name = `clock ${account}`
  const answer = yield* ask(bankUrl, route)
  const now = yield* Clock.currentTimeMillis
  const date = Result.isSuccess(answer) ? answer.success.headers["date"] : undefined
  const told = typeof date === "string" ? Date.parse(date) : Number.NaN
  if (!Number.isFinite(told)) return skipped(name, "the bank's answer carries no date")
  return clockCheck(name, "the bank's", now - told)
})

const checkJwks = Effect.fnUntraced(function* ({ name, jwks }: AccountConfig) {
  const at = `keys ${name}`
  if (jwks === undefined) return skipped(at, "LOAN_ENGINE_JWKS_URL is not set: signatures are ignored")
  const { url, apiKey, route } = jwks
  const keys = yield* Effect.result(makeJwks({ url, route, ...(apiKey === undefined ? {} : { apiKey }) }))
  if (Result.isFailure(keys)) return failed(at, "the settings cannot be used", keys.failure.message)
  // No key has this id. If the answer is "unknown", the key set was read.
  const known = yield* keys.success.lookUp("loan-engine-doctor")
  return known.state === "unavailable"
    ? failed(
        at,
        `the bank's key set is not available: ${known.why ?? "there was no answer"}`,
        "Check LOAN_ENGINE_JWKS_URL and LOAN_ENGINE_JWKS_API_KEY.",
      )
    : ok(at, "the bank's key set can be read")
})

/** Says what an attacker would need so that the engine believes a forged callback. */
export const checkTrust = Effect.fnUntraced(function* (account: AccountConfig) {
  const name = `trust ${account.name}`
  const found = [
    `a forged callback would need ${yield* neededToForge(account)}`,
    ...exceptions(account),
  ].join("; ")
  if (account.callbackCredentials.some(isGuessable)) return warning(name, found, longerCredentials)
  const isIgnored = account.jwks === undefined && (yield* signedSince(account)) !== undefined
  return isIgnored ? warning(name, found, keySetMissing) : ok(name, found)
})

const longerCredentials = `The callback credentials have a secret of fewer than ${secretLengthMin} characters, so somebody can guess them. Make longer ones with \`loan-engine key\`, and register the callback again.`
const keySetMissing =
  "The bank has signed callbacks of this account, but its signatures are ignored. Set jwksUrl, unless the bank no longer signs."

const signedSince = ({ name }: AccountConfig) =>
  Effect.flatMap(LoanStore, (store) => store.signingSince(name))

const neededToForge = Effect.fnUntraced(function* (account: AccountConfig) {
  const { callbackCredentials, jwks } = account
  const key = "the bank's signing key"
  const credentials = "the callback credentials"
  if (callbackCredentials.length === 0)
    return jwks === undefined
      ? "the bank's own answer: each callback is held until the bank confirms it"
      : key
  if (jwks === undefined) return credentials
  const since = yield* signedSince(account)
  return since === undefined
    ? `only ${credentials}, until the engine first sees a signature of the bank`
    : `${credentials} and ${key}: the bank has signed since ${new Date(since).toISOString()}`
})

const proof: { readonly [Required in RequiredEvidence]: string } = {
  credentials: "the callback credentials, or a signature",
  jws: "a signature",
  bank: "the bank's own answer",
}

/** The event types that `callbackTrust` names, and what each needs. */
const exceptions = ({ trustPolicy = {} }: AccountConfig): ReadonlyArray<string> =>
  Object.entries(trustPolicy).map(([type, required]) => `${type} is believed only with ${proof[required]}`)
