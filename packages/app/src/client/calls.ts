import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import type { AccountJson, KeyJson } from "../contract/account-schemas.ts"
import { LoanApi } from "../contract/loan-api.ts"
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
import { invalid, loanApiError } from "./loan-api-error.ts"
import type { LoanApiError } from "./loan-api-error.ts"

export interface LoanClientOptions {
  /** Where the engine is served, such as `https://loans.example`. */
  readonly baseUrl: string
  readonly apiKey: string
  /** The runtime's own by default. */
  readonly fetch?: typeof globalThis.fetch
  /** Ends every watch for good once it is aborted. */
  readonly signal?: AbortSignal
}

/** Which loans: those that meet all of it. */
export interface LoanListFilter {
  /** What the application reference begins with. */
  readonly reference?: string
  readonly stage?: LoanJson["stage"]
  readonly account?: string
  readonly additionOutstanding?: boolean
  readonly disputed?: boolean
  readonly stalled?: boolean
  readonly closed?: boolean
  readonly dormant?: boolean
  /** What you called the application when you registered it. */
  readonly externalReference?: string
}

export interface LoanPageOptions extends LoanListFilter {
  readonly limit?: number
  readonly cursor?: string
}

export interface CloseOptions {
  /** The version of the loan that was looked at: a later one is not closed (`loan-moved`). */
  readonly ifVersion?: number
}

export interface RuleOptions {
  /** The version of the loan that was looked at: a later one is not ruled on (`loan-moved`). */
  readonly ifVersion?: number
  readonly dryRun?: boolean
}

/** The API's calls; each rejects with a `LoanApiError`. */
export interface LoanCalls {
  /** What the key is called, and what it may do. */
  readonly key: () => Promise<KeyJson>
  /** Every account: its loans by stage, and how its callbacks fare. */
  readonly accounts: () => Promise<ReadonlyArray<AccountJson>>
  /** Registers the answer to a submission: the bank's XML as it came, or its members. */
  readonly register: (answer: string | SubmissionJson, options?: RegisterOptions) => Promise<LoanJson>
  readonly loan: (reference: string) => Promise<LoanJson>
  readonly loans: (options?: LoanPageOptions) => Promise<LoanPage>
  readonly history: (reference: string) => Promise<ReadonlyArray<EntryJson>>
  readonly poll: (reference: string) => Promise<PolledJson>
  readonly rule: (reference: string, ruling: RulingJson, options?: RuleOptions) => Promise<RuledJson>
  /** Closes an application that nobody pursues any more; the bank's progress opens it again. */
  readonly closeLoan: (reference: string, closing: ClosingJson, options?: CloseOptions) => Promise<LoanJson>
  readonly reopenLoan: (
    reference: string,
    reopening?: ReopeningJson,
    options?: CloseOptions,
  ) => Promise<LoanJson>
}

export interface RegisterOptions {
  /** Needed where the engine has several accounts. */
  readonly account?: string
  /** What you call the application: loans are found by it. */
  readonly externalReference?: string
}

/** The answer to a submission as JSON, its reference as plain text. */
export type SubmissionJson = Omit<SubmissionAnswer, "applicationReference"> & {
  readonly applicationReference: string
}

/** The HTTP that every call goes over: to the engine, with the key. */
export const httpClient = ({ baseUrl, apiKey, fetch }: LoanClientOptions): HttpClient.HttpClient => {
  const made = Effect.runSync(HttpClient.HttpClient.pipe(Effect.provide(FetchHttpClient.layer)))
  const asked = made.pipe(
    HttpClient.mapRequest((request) =>
      request.pipe(HttpClientRequest.prependUrl(baseUrl), HttpClientRequest.bearerToken(apiKey)),
    ),
  )
  // A page of another origin may send only the headers that the engine lists: none of a trace is among them.
  const untraced = HttpClient.transformResponse(
    asked,
    Effect.provideService(HttpClient.TracerPropagationEnabled, false),
  )
  if (fetch === undefined) return untraced
  return HttpClient.transformResponse(untraced, Effect.provideService(FetchHttpClient.Fetch, fetch))
}

/** The calls, derived from the API's definition. */
export function loanCalls(http: HttpClient.HttpClient): LoanCalls {
  const { loans, accounts } = Effect.runSync(HttpApiClient.makeWith(LoanApi, { httpClient: http }))
  return {
    key: () => run(accounts.key()),
    accounts: () => run(accounts.accounts()),
    register: (answer, { account, externalReference } = {}) =>
      run(
        Effect.gen(function* () {
          const payload =
            typeof answer === "string"
              ? answer
              : { ...answer, applicationReference: yield* referenceOf(answer.applicationReference) }
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
            ? yield* Effect.die(new Error("nothing was asked not to be sent"))
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

const referenceOf = (reference: string): Effect.Effect<ApplicationReference, LoanApiError> =>
  Effect.mapError(decodeReference(reference), () => noReference())
const noReference = (): LoanApiError => invalid("applicationReference", "no application reference")
const accountOf = (account: string) =>
  Effect.mapError(decodeAccount(account), () => invalid("account", "no account's name"))

const run = <A>(call: Effect.Effect<A, unknown>): Promise<A> =>
  Effect.runPromise(Effect.mapError(call, loanApiError))
