import type { Loan } from "@loan-engine/domain/loan"
import type { AccountName, ApplicationReference, Observation } from "@loan-engine/domain/observation"
import { Clock, Effect, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { inSteps, mapInSteps } from "../base/in-steps.ts"
import { KnownAccounts } from "../ports/known-accounts.ts"
import { LoanEngine } from "../record/engine.ts"
import { knownLoan } from "../record/known-loan.ts"
import { digestOf } from "../journal/entry.ts"
import { reversalOf } from "../views/reversals.ts"
import type { HistoryPage, StoredLoan, StoreUnavailable } from "../ports/loan-store.ts"
import { LoanStore } from "../ports/loan-store.ts"
import { ReadTurns } from "../ports/read-turns.ts"
import { readInTurn } from "./read-in-turn.ts"
import { Poller } from "../polling/poller.ts"
import { whyOf } from "../polling/ask-bank.ts"
import type { Unanswered } from "../polling/ask-bank.ts"
import { CurrentKey } from "../access/access.ts"
import type { AccessLimits } from "../access/access.ts"
import { orderProblem } from "./operator-order.ts"
import { entityTags } from "./entity-tags.ts"
import { LoanApi } from "../contract/loan-api.ts"
import { entryJson, etagOf, loanJson } from "../views/loan-json.ts"
import { listLoans, readCursor } from "./loan-list.ts"
import type { LoanListLimits, LoanQuery } from "./loan-list.ts"
import { EntryJson, LoanJson, pageLoansMax } from "../contract/loan-schemas.ts"
import { answering, storeUnavailable } from "../contract/problem.ts"
import type { Problem } from "../contract/problem.ts"
import { submissionObservation } from "./registration.ts"
import { otherRegistration, saysTheSame, findStanding } from "./standing-registration.ts"
import { readBytes } from "./request-body.ts"
import { loanPath } from "../contract/reference-in-path.ts"
import { answerRuling } from "./ruling.ts"
import { answerClosure } from "./closure.ts"
import type { ClosureRequest } from "./closure.ts"

/** The handlers that read, register, poll and rule on loans. */
export const loanHandlers = (accounts: ReadonlyArray<AccountName>, limits: LoanListLimits & AccessLimits) =>
  HttpApiBuilder.group(
    LoanApi,
    "loans",
    Effect.fnUntraced(function* (handlers) {
      const engine = yield* LoanEngine
      const store = yield* LoanStore
      const poller = yield* Poller
      const knownAccounts = yield* KnownAccounts
      const known = knownIn(engine)
      const inTurn = readInTurn(yield* ReadTurns)
      const closure = (
        request: HttpServerRequest.HttpServerRequest,
        reference: ApplicationReference,
        asked: ClosureRequest,
      ) =>
        answering(
          answerClosure(request, reference, asked, limits).pipe(
            Effect.map((stored) => shown(stored, undefined, knownAccounts)),
            Effect.provideService(LoanEngine, engine),
          ),
        )
      return handlers
        .handleRaw("register", ({ request, query }) =>
          answering(
            register(engine, request, accountNamed(query.account, accounts), query.externalReference, limits),
          ),
        )
        .handle("list", ({ query }) =>
          answering(inTurn(Effect.provideService(list(query, limits), LoanStore, store))),
        )
        .handle("get", ({ params, headers }) =>
          answering(
            Effect.map(known(params.reference), (stored) =>
              shown(stored, headers["if-none-match"], knownAccounts),
            ),
          ),
        )
        .handle("history", ({ params: { reference }, query: { after = 0, limit = pageLoansMax } }) =>
          answering(
            Effect.andThen(
              known(reference),
              inTurn(loaded(historyPage(engine, reference, { after, limit }))),
            ),
          ),
        )
        .handle("poll", ({ params: { reference } }) => answering(poll(poller, known(reference))))
        .handleRaw("ruling", ({ params, query: { dryRun = false }, headers, request }) =>
          answering(
            answerRuling(request, params.reference, { dryRun, ifMatch: headers["if-match"] }, limits).pipe(
              Effect.provideService(LoanEngine, engine),
            ),
          ),
        )
        .handleRaw("close", ({ params, headers, request }) =>
          closure(request, params.reference, { closes: true, ifMatch: headers["if-match"] }),
        )
        .handleRaw("reopen", ({ params, headers, request }) =>
          closure(request, params.reference, { closes: false, ifMatch: headers["if-match"] }),
        )
    }),
  )

/**
 * A page of a loan's journal, with a link to the next page. One entry more than the page's size is read, to know
 * whether there is a next page.
 */
const historyPage = Effect.fnUntraced(function* (
  engine: LoanEngine["Service"],
  reference: ApplicationReference,
  { after, limit }: HistoryPage,
) {
  const entries = yield* engine.history(reference, { after, limit: limit + 1 })
  const page = entries.slice(0, limit)
  const texts = yield* inSteps(page, (entry) =>
    Effect.map(reversalOf(engine, entry), (reversal) => entryText(entryJson(entry, reversal))),
  )
  const last = page.at(-1)
  const headers =
    entries.length > limit && last !== undefined
      ? { link: `<${loanPath(reference)}/history?after=${last.version}&limit=${limit}>; rel="next"` }
      : {}
  return jsonText(`[${texts.join(",")}]`, headers)
})

const register = Effect.fnUntraced(function* (
  engine: LoanEngine["Service"],
  request: HttpServerRequest.HttpServerRequest,
  named: Effect.Effect<AccountName, Problem>,
  externalReference: string | undefined,
  limits: AccessLimits,
) {
  const bytes = yield* readBytes(request, limits)
  const account = yield* named
  const now = yield* Clock.currentTimeMillis
  const contentType = request.headers["content-type"] ?? ""
  const said = yield* submissionObservation(bytes, contentType, account, now)
  const through = (yield* CurrentKey)?.name
  const observation = {
    ...said,
    ...(externalReference === undefined ? {} : { externalReference }),
    ...(through === undefined ? {} : { through }),
  }
  const first = yield* loaded(engine.register(observation, bytes))
  const again = first ?? (yield* registerAgain(engine, observation, bytes))
  if (again.hold !== null) return yield* Effect.fail(otherAccount)
  const stored = yield* knownIn(engine)(observation.applicationReference)
  return registered(first !== undefined, stored, yield* KnownAccounts)
})

/**
 * Handles a registration of a loan that is registered already. The handler compares it with the first registration.
 * If both agree, the engine records the new one as a repeat, or because it adds the external reference.
 */
const registerAgain = Effect.fnUntraced(function* (
  engine: LoanEngine["Service"],
  observation: Observation,
  bytes: Uint8Array,
) {
  const reference = observation.applicationReference
  const { loan } = yield* knownIn(engine)(reference)
  if (loan.account !== observation.account) return yield* Effect.fail(otherAccount)
  const standing = yield* loaded(findStanding(engine, reference))
  if (standing !== undefined && !saysTheSame(standing, observation)) {
    return yield* Effect.fail(otherRegistration(standing, loan.stage, reference))
  }
  if (isOtherName(loan, observation)) return yield* Effect.fail(otherExternalReference)
  const addsName = loan.externalReference === undefined && observation.externalReference !== undefined
  // If the bytes differ, recording the same registration would add a journal row without news.
  if (!addsName && standing?.digest !== digestOf(bytes)) return { hold: null }
  const recorded = yield* loaded(engine.record(observation, bytes))
  // If two registrations add a name at the same time, the first name is kept.
  if (isOtherName(recorded.loan, observation)) return yield* Effect.fail(otherExternalReference)
  return recorded
})

const isOtherName = (loan: Loan, { externalReference }: Observation): boolean =>
  externalReference !== undefined &&
  loan.externalReference !== undefined &&
  loan.externalReference !== externalReference

const list = Effect.fnUntraced(function* (
  { cursor, ...query }: LoanQuery & { readonly cursor?: string },
  limits: LoanListLimits,
) {
  const from = cursor === undefined ? undefined : readCursor(cursor)
  if (cursor !== undefined && from === undefined) return yield* Effect.fail(noCursor)
  const { found, next } = yield* loaded(listLoans(query, from, limits))
  const knownAccounts = yield* KnownAccounts
  const loans = yield* mapInSteps(found, (stored) => loanText(loanJson(stored, knownAccounts)))
  return jsonText(`{"loans":[${loans.join(",")}],"next":${JSON.stringify(next)}}`)
})

/** JSON is written for one loan at a time. The JSON of a whole page at once would delay callbacks. */
const loanText = Schema.encodeSync(Schema.fromJsonString(LoanJson))
const entryText = Schema.encodeSync(Schema.fromJsonString(EntryJson))

const jsonText = (text: string, headers: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(text, { contentType: "application/json", headers })

function shown(stored: StoredLoan, ifNoneMatch: string | undefined, knownAccounts: KnownAccounts) {
  const etag = etagOf(stored)
  return matchesEtag(ifNoneMatch, etag)
    ? HttpServerResponse.empty({ status: 304, headers: { etag } })
    : HttpApiSchema.withHeaders({ body: loanJson(stored, knownAccounts), headers: { etag } })
}

const poll = Effect.fnUntraced(function* (
  poller: Poller["Service"],
  known: Effect.Effect<StoredLoan, Problem>,
) {
  const answers = yield* loaded(poller.poll(yield* known, ["status", "quote"]))
  if (!answers.some(({ answered }) => answered)) {
    return yield* Effect.fail(bankSilent(answers.filter((answer) => !answer.answered)))
  }
  const asked = answers.map((answer) =>
    answer.answered
      ? { question: answer.question, disposition: answer.recorded.disposition }
      : { question: answer.question, error: answer.code },
  )
  return { ...loanJson(yield* known, yield* KnownAccounts), asked }
})

function registered(isFirst: boolean, stored: StoredLoan, knownAccounts: KnownAccounts) {
  const etag = etagOf(stored)
  const view = loanJson(stored, knownAccounts)
  if (!isFirst) {
    return HttpServerResponse.jsonUnsafe(view, { headers: { etag } })
  }
  const location = loanPath(stored.loan.applicationReference)
  return HttpServerResponse.jsonUnsafe(view, { status: 201, headers: { etag, location } })
}

/** Whether `If-None-Match` names the current ETag. By its specification, this header compares weakly. */
function matchesEtag(header: string | undefined, etag: string): boolean {
  const tags = header === undefined ? undefined : entityTags(header)
  return tags === "*" || (tags ?? []).some(({ opaque }) => `"${opaque}"` === etag)
}

const noCursor: Problem = {
  code: "request-invalid",
  detail: "The query: cursor: expected the unchanged `next` of a page.",
  field: "cursor",
}

const otherExternalReference: Problem = {
  code: "external-reference-mismatch",
  detail:
    "This loan was registered with another external reference. That reference is kept, and nothing was changed.",
  field: "externalReference",
}

const otherAccount: Problem = {
  code: "account-mismatch",
  detail: "This application reference is already registered with another account.",
}

const bankSilent = (unanswered: ReadonlyArray<Unanswered>): Problem => ({
  code: "bank-unanswered",
  detail: unanswered.some(({ code }) => code === "bank-not-configured")
    ? "The bank was not asked, because the loan's account has no bank. Nothing was changed. Set bankUrl, bankUsername and bankPassword."
    : `Nothing was changed. Why: ${[...new Set(unanswered.map(whyOf))].join(", ")}. The engine will poll this loan again.`,
})

const loaded = <A, R>(effect: Effect.Effect<A, StoreUnavailable, R>): Effect.Effect<A, Problem, R> =>
  Effect.mapError(effect, () => storeUnavailable)

/** The loan with this reference, or the problem that there is none. */
export const knownIn =
  (engine: LoanEngine["Service"]) =>
  (reference: ApplicationReference): Effect.Effect<StoredLoan, Problem> =>
    knownLoan(reference).pipe(Effect.provideService(LoanEngine, engine), Effect.mapError(orderProblem))

function accountNamed(
  named: AccountName | undefined,
  accounts: ReadonlyArray<AccountName>,
): Effect.Effect<AccountName, Problem> {
  const [only, ...others] = accounts
  const unnamed = others.length === 0 ? only : undefined
  const account = named === undefined ? unnamed : accounts.find((name) => name === named)
  if (account !== undefined) return Effect.succeed(account)
  return Effect.fail({
    code: "account-unknown",
    detail: `The query's account must be one of: ${accounts.join(", ")}.`,
    field: "account",
  })
}
