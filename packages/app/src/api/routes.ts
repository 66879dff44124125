import type { AccountName } from "@loan-engine/domain/observation"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Clock, Effect, Schema } from "effect"
import type { Redacted } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { LoanEngine } from "../engine.ts"
import type { StoredLoan } from "../loan-store.ts"
import { Poller } from "../poller.ts"
import { bearerCheck } from "./bearer-key.ts"
import { entryJson, loanJson } from "./loan-json.ts"
import { refuseOtherMethods } from "./other-methods.ts"
import type { Problem } from "./problem.ts"
import { answering, storeUnavailable } from "./problem.ts"
import { submissionObservation } from "./registration.ts"
import { readBytes } from "./request-body.ts"

export interface ApiOptions {
  /** The bearer key that every route under /v1 asks for. */
  readonly apiKey: Redacted.Redacted
  /** The account that `POST /v1/loans` registers with, unless the query's `account` names another of these. */
  readonly accounts: ReadonlyArray<AccountName>
}

/** The engine's HTTP routes: the merchant's API. */
export const apiRoutes = (options: ApiOptions) =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const engine = yield* LoanEngine
      const poller = yield* Poller
      const authorized = bearerCheck(options.apiKey)

      yield* router.add("POST", "/v1/loans", (request) =>
        answering(
          Effect.gen(function* () {
            yield* authorized(request)
            const bytes = yield* readBytes(request)
            const account = yield* accountOf(request, options.accounts)
            const now = yield* Clock.currentTimeMillis
            const contentType = request.headers["content-type"] ?? ""
            const observation = yield* submissionObservation(bytes, contentType, account, now)
            const before = yield* loaded(engine.loan(observation.applicationReference))
            const { loan, hold } = yield* loaded(engine.record(observation, bytes))
            if (hold !== null) return yield* Effect.fail(otherAccount)
            const stored = yield* known(engine, loan.applicationReference)
            return HttpServerResponse.jsonUnsafe(loanJson(stored), {
              status: before?.loan.registered === true ? 200 : 201,
              headers: { location: `/v1/loans/${encodeURIComponent(loan.applicationReference)}` },
            })
          }),
        ),
      )

      yield* router.add("GET", "/v1/loans/:reference", (request) =>
        answering(
          Effect.gen(function* () {
            yield* authorized(request)
            return HttpServerResponse.jsonUnsafe(loanJson(yield* known(engine, yield* referenceParam)))
          }),
        ),
      )

      yield* router.add("GET", "/v1/loans/:reference/history", (request) =>
        answering(
          Effect.gen(function* () {
            yield* authorized(request)
            const { loan } = yield* known(engine, yield* referenceParam)
            const entries = yield* loaded(engine.history(loan.applicationReference))
            return HttpServerResponse.jsonUnsafe(entries.map(entryJson))
          }),
        ),
      )

      yield* router.add("POST", "/v1/loans/:reference/poll", (request) =>
        answering(
          Effect.gen(function* () {
            yield* authorized(request)
            const stored = yield* known(engine, yield* referenceParam)
            const answers = yield* loaded(poller.poll(stored, ["status", "quote"]))
            if (!answers.some(({ answered }) => answered)) {
              const codes = answers.map((answer) => (answer.answered ? "" : answer.code))
              return yield* Effect.fail(bankSilent(codes))
            }
            const asked = answers.map((answer) =>
              answer.answered
                ? { question: answer.question, disposition: answer.recorded.disposition }
                : { question: answer.question, error: answer.code },
            )
            const now = yield* known(engine, stored.loan.applicationReference)
            return HttpServerResponse.jsonUnsafe({ ...loanJson(now), asked })
          }),
        ),
      )

      for (const [path, allow] of routesByPath) yield* refuseOtherMethods(router, path, allow)
      yield* router.add("*", "/*", answering(Effect.fail(noSuchRoute)))
    }),
  )

/** The method that each of our paths takes; the callbacks' path answers for itself. */
const routesByPath: ReadonlyArray<readonly [path: `/${string}`, allow: string]> = [
  ["/v1/loans", "POST"],
  ["/v1/loans/:reference", "GET"],
  ["/v1/loans/:reference/history", "GET"],
  ["/v1/loans/:reference/poll", "POST"],
]

const noSuchRoute: Problem = {
  status: 404,
  code: "route-unknown",
  title: "No such route",
  detail: "See the README for the routes and their methods.",
}

const otherAccount: Problem = {
  status: 409,
  code: "account-mismatch",
  title: "The loan belongs to another account",
  detail: "This application reference is registered with another account already.",
}

const bankSilent = (codes: ReadonlyArray<string>): Problem => ({
  status: 502,
  code: "bank-unanswered",
  title: "The bank did not answer",
  detail: `Nothing was changed. Why: ${[...new Set(codes)].join(", ")}. The loan is asked about again by itself.`,
})

const decodeReference = Schema.decodeUnknownEffect(ApplicationReference)

const referenceParam: Effect.Effect<ApplicationReference, Problem, HttpRouter.RouteContext> = Effect.flatMap(
  HttpRouter.params,
  ({ reference }) => Effect.mapError(decodeReference(reference), () => unknownLoan),
)

const unknownLoan: Problem = {
  status: 404,
  code: "loan-unknown",
  title: "No such loan",
  detail: "No loan of this application reference is registered, and no callback has spoken of it.",
}

const loaded = <A>(effect: Effect.Effect<A, unknown>): Effect.Effect<A, Problem> =>
  Effect.mapError(effect, () => storeUnavailable)

const known = (
  engine: LoanEngine["Service"],
  reference: ApplicationReference,
): Effect.Effect<StoredLoan, Problem> =>
  Effect.flatMap(loaded(engine.loan(reference)), (stored) =>
    stored === undefined ? Effect.fail(unknownLoan) : Effect.succeed(stored),
  )

function accountOf(
  request: HttpServerRequest.HttpServerRequest,
  accounts: ReadonlyArray<AccountName>,
): Effect.Effect<AccountName, Problem> {
  const named = new URL(request.url, "http://localhost").searchParams.get("account")
  const account = named === null ? accounts[0] : accounts.find((name) => name === named)
  if (account !== undefined) return Effect.succeed(account)
  return Effect.fail({
    status: 400,
    code: "account-unknown",
    title: "No such account",
    detail: `The query's account must be one of: ${accounts.join(", ")}.`,
    field: "account",
  })
}
