import { ApplicationReference } from "@loan-engine/domain/observation"
import { Context, Effect, Predicate, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import type { AccountJson, KeyJson } from "../contract/account-schemas.ts"
import { LoanApi } from "../contract/loan-api.ts"
import { misfit } from "../contract/misfit.ts"
import type {
  ClosingJson,
  EntryJson,
  LoanJson,
  LoanPage,
  PolledJson,
  ReopeningJson,
  RuledJson,
  RulingJson,
  SubmissionAnswer,
} from "../contract/loan-schemas.ts"
import { pageLoansMax } from "../contract/loan-schemas.ts"
import { AccountName } from "../contract/loan-schemas.ts"
import type { LoanListFilter } from "./loan-filter.ts"
import { invalid, loanApiError, refused } from "./loan-api-error.ts"
import type { LoanApiError } from "./loan-api-error.ts"

export interface LoanClientOptions {
  /** The engine's base URL, such as `https://loans.example`. */
  readonly baseUrl: string
  readonly apiKey: string
  /** The default is the runtime's `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** If this signal is aborted, every watch ends. */
  readonly signal?: AbortSignal
}

export interface LoanPageOptions extends LoanListFilter {
  readonly limit?: number
  readonly cursor?: string
}

export interface CloseOptions {
  /** The version of the loan that you saw. If the loan has a newer version, it is not closed (`loan-moved`). */
  readonly ifVersion?: number
}

export interface RuleOptions {
  /** The version of the loan that you saw. If the loan has a newer version, the ruling is not made (`loan-moved`). */
  readonly ifVersion?: number
  readonly dryRun?: boolean
}

/** The calls of the API. A failed call rejects with a `LoanApiError`. */
export interface LoanCalls {
  /** The key's name and scopes. */
  readonly key: () => Promise<KeyJson>
  /** Every account: its loans by stage, and the health of its callbacks. */
  readonly accounts: () => Promise<ReadonlyArray<AccountJson>>
  /** Registers the answer to a submission: the bank's unchanged XML, or its members. */
  readonly register: (answer: string | SubmissionJson, options?: RegisterOptions) => Promise<LoanJson>
  readonly loan: (reference: string) => Promise<LoanJson>
  readonly loans: (options?: LoanPageOptions) => Promise<LoanPage>
  readonly history: (reference: string) => Promise<ReadonlyArray<EntryJson>>
  readonly poll: (reference: string) => Promise<PolledJson>
  readonly rule: (reference: string, ruling: RulingJson, options?: RuleOptions) => Promise<RuledJson>
  /** Closes an application that nobody pursues any more. If the bank makes progress with it, it opens again. */
  readonly closeLoan: (reference: string, closing: ClosingJson, options?: CloseOptions) => Promise<LoanJson>
  readonly reopenLoan: (
    reference: string,
    reopening?: ReopeningJson,
    options?: CloseOptions,
  ) => Promise<LoanJson>
}

export interface RegisterOptions {
  /** Required if the engine has several accounts. */
  readonly account?: string
  /** Your own name for the application. You can search loans by it. */
  readonly externalReference?: string
}

/** The answer to a submission as JSON, with its reference as plain text. */
export type SubmissionJson = Omit<SubmissionAnswer, "applicationReference"> & {
  readonly applicationReference: string
}

/** The HTTP client for all calls. It adds the engine's URL and the key. */
export const httpClient = ({ baseUrl, apiKey, fetch }: LoanClientOptions): HttpClient.HttpClient => {
  const made = Effect.runSync(HttpClient.HttpClient.pipe(Effect.provide(FetchHttpClient.layer)))
  const asked = made.pipe(
    HttpClient.mapRequest((request) =>
      request.pipe(HttpClientRequest.prependUrl(baseUrl), HttpClientRequest.bearerToken(apiKey)),
    ),
  )
  // A browser sends only the headers that the engine allows for other origins. Trace headers are not allowed, so none
  // are sent.
  const untraced = HttpClient.transformResponse(
    asked,
    Effect.provideService(HttpClient.TracerPropagationEnabled, false),
  )
  if (fetch === undefined) return untraced
  return HttpClient.transformResponse(untraced, Effect.provideService(FetchHttpClient.Fetch, fetch))
}

/** The calls, derived from the API's definition. */
export function loanCalls(http: HttpClient.HttpClient): LoanCalls {
  const httpClient = HttpClient.mapRequestEffect(http, (request) =>
    Effect.map(Sending, (sending) => {
      sending.hasBegun = true
      return request
    }),
  )
  const { loans, accounts } = Effect.runSync(HttpApiClient.makeWith(LoanApi, { httpClient }))
  return {
    key: () => run(accounts.key()),
    accounts: () => run(accounts.accounts()),
    register: (answer, { account, externalReference } = {}) =>
      run(
        Effect.gen(function* () {
          const payload = yield* submissionOf(answer)
          const query = {
            ...(account === undefined ? {} : { account: yield* accountOf(account) }),
            ...(externalReference === undefined ? {} : { externalReference }),
          }
          return (yield* loans.register({ query, payload })).body
        }),
      ),
    loan: (reference) =>
      run(
        Effect.gen(function* () {
          const params = { reference: yield* referenceOf(reference) }
          const found = yield* loans.get({ params, headers: {} })
          return found === undefined
            ? yield* Effect.die(new Error("the request was never cancelled"))
            : found.body
        }),
      ),
    loans: ({ account, ...query } = {}) =>
      run(
        Effect.gen(function* () {
          const own = account === undefined ? {} : { account: yield* accountOf(account) }
          return yield* loans.list({ query: { ...query, ...own } })
        }),
      ),
    history: (reference) =>
      run(
        Effect.gen(function* () {
          const params = { reference: yield* referenceOf(reference) }
          const entries: Array<EntryJson> = []
          for (;;) {
            const after = entries.at(-1)?.version ?? 0
            const page = yield* loans.history({ params, query: { after, limit: pageLoansMax } })
            entries.push(...page.body)
            if (page.body.length < pageLoansMax) return entries
          }
        }),
      ),
    poll: (reference) =>
      run(Effect.flatMap(referenceOf(reference), (of) => loans.poll({ params: { reference: of } }))),
    rule: (reference, payload, { ifVersion, dryRun } = {}) =>
      run(
        Effect.gen(function* () {
          const params = { reference: yield* referenceOf(reference) }
          const query = dryRun === undefined ? {} : { dryRun }
          return yield* loans.ruling({ params, headers: ifMatch(ifVersion), query, payload })
        }),
      ),
    closeLoan: (reference, payload, { ifVersion } = {}) =>
      run(
        Effect.gen(function* () {
          const params = { reference: yield* referenceOf(reference) }
          return (yield* loans.close({ params, headers: ifMatch(ifVersion), payload })).body
        }),
      ),
    reopenLoan: (reference, payload = {}, { ifVersion } = {}) =>
      run(
        Effect.gen(function* () {
          const params = { reference: yield* referenceOf(reference) }
          return (yield* loans.reopen({ params, headers: ifMatch(ifVersion), payload })).body
        }),
      ),
  }
}

const ifMatch = (version: number | undefined) => (version === undefined ? {} : { "if-match": `"${version}"` })

const decodeReference = Schema.decodeUnknownEffect(ApplicationReference)
const decodeAccount = Schema.decodeUnknownEffect(AccountName)

export const referenceOf = (reference: string): Effect.Effect<ApplicationReference, LoanApiError> =>
  Effect.mapError(decodeReference(reference), () => noReference())
const noReference = (): LoanApiError => invalid("applicationReference", "no application reference")
const accountOf = (account: string) =>
  Effect.mapError(decodeAccount(account), () => invalid("account", "no account's name"))

/**
 * Checks the answer to a submission before it is sent: text is the bank's XML, and an object has the answer's
 * members.
 */
const submissionOf = (answer: string | SubmissionJson) =>
  Effect.gen(function* () {
    if (typeof answer === "string") return answer
    if (!Predicate.isObject(answer)) return yield* Effect.fail(noSubmission())
    const found = decodeReference(answer.applicationReference)
    return { ...answer, applicationReference: yield* Effect.mapError(found, noSubmissionsReference) }
  })
const noSubmission = (): LoanApiError =>
  refused({
    code: "submission-malformed",
    detail: "Expected the bank's answer: its XML as text, or an object with its members.",
  })
const noSubmissionsReference = (): LoanApiError => {
  const field = "applicationReference"
  return refused({
    code: "submission-malformed",
    detail: `${field}: expected the bank's reference as text`,
    field,
  })
}

/**
 * Whether a call has sent its request. If a value does not match the API before that, the caller's input is wrong.
 */
const Sending = Context.Reference<{ hasBegun: boolean }>("@loan-engine/app/Sending", {
  defaultValue: () => ({ hasBegun: false }),
})

const run = <A>(call: Effect.Effect<A, unknown>): Promise<A> => {
  const sending = { hasBegun: false }
  const failed = (failure: unknown): LoanApiError =>
    Schema.isSchemaError(failure) && !sending.hasBegun
      ? refused(misfit(failure, "The call"))
      : loanApiError(failure)
  return Effect.runPromise(call.pipe(Effect.mapError(failed), Effect.provideService(Sending, sending)))
}
