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
  /** The default is the runtime's own. */
  readonly fetch?: typeof globalThis.fetch
  /** When it is aborted, every watch ends for good. */
  readonly signal?: AbortSignal
}

export interface LoanPageOptions extends LoanListFilter {
  readonly limit?: number
  readonly cursor?: string
}

export interface CloseOptions {
  /** The version of the loan that you saw. If the loan has moved on, it is not closed (`loan-moved`). */
  readonly ifVersion?: number
}

export interface RuleOptions {
  /** The version of the loan that you saw. If the loan has moved on, there is no ruling (`loan-moved`). */
  readonly ifVersion?: number
  readonly dryRun?: boolean
}

/** The API's calls. If one fails, it rejects with a `LoanApiError`. */
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
  /** Closes an application that nobody pursues any more. If the bank reports progress, it is open again. */
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
  /** Your own name for the application. You can find loans by it. */
  readonly externalReference?: string
}

/** The answer to a submission as JSON, with its reference as plain text. */
export type SubmissionJson = Omit<SubmissionAnswer, "applicationReference"> & {
  readonly applicationReference: string
}

/** The HTTP client of every call: to the engine, with the key. */
export const httpClient = ({ baseUrl, apiKey, fetch }: LoanClientOptions): HttpClient.HttpClient => {
  const made = Effect.runSync(HttpClient.HttpClient.pipe(Effect.provide(FetchHttpClient.layer)))
  const asked = made.pipe(
    HttpClient.mapRequest((request) =>
      request.pipe(HttpClientRequest.prependUrl(baseUrl), HttpClientRequest.bearerToken(apiKey)),
    ),
  )
  // A page of another origin may send only the headers that the engine lists. Trace headers are not among them.
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

/** The answer to a submission, if it is one: text for the bank's XML, otherwise its members. */
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

/** Whether a call has sent a request. Before that, what does not match the API's definition is the caller's input. */
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
